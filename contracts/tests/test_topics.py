"""One writer per topic, one key everywhere, agency topics under the agency's own name."""

from datetime import timedelta

import pytest

from motcua_contracts.topics import (
    DOSSIER_RECIPIENTS,
    TOPICS,
    CleanupPolicy,
    agency_decisions,
)


def test_topics_with_the_same_key_have_the_same_partitions() -> None:
    assert {topic.partitions for topic in TOPICS.values()} == {12}


def test_only_the_recipients_are_compacted_and_only_notification_reads_them() -> None:
    compacted = [t for t in TOPICS.values() if t.cleanup_policy is CleanupPolicy.COMPACT]

    assert compacted == [DOSSIER_RECIPIENTS]
    assert DOSSIER_RECIPIENTS.readers == ("notification",)
    assert DOSSIER_RECIPIENTS.retention is None


def test_an_agency_writes_its_own_topic_alone() -> None:
    topic = agency_decisions("H42.10")

    assert topic.name == "motcua.agency.H42.10.decisions.v1"
    assert topic.writer == "/agencies/H42.10"
    assert topic.readers == ("intake",)
    assert (topic.partitions, topic.retention) == (6, timedelta(days=14))


@pytest.mark.parametrize(
    "code", ["", "h42.10", "H42.10.decisions", "H42 .10", "../H42", "H42.10\n"]
)
def test_what_is_no_agency_code_makes_no_topic(code: str) -> None:
    with pytest.raises(ValueError, match="should match pattern"):
        agency_decisions(code)
