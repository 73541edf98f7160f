from collections.abc import Iterator

import pytest
from notification.testing import MailSink


@pytest.fixture(scope="session")
def running_mail_sink() -> Iterator[MailSink]:
    sink = MailSink.start()
    yield sink
    sink.stop()


@pytest.fixture
def mail_sink(running_mail_sink: MailSink) -> MailSink:
    """Empty and well behaved at the start of every test."""
    running_mail_sink.reset()
    return running_mail_sink
