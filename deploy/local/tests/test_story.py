"""A story is strict about mail: what was not handed over, or is not in the box, fails it."""

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec
from uuid import uuid4

import pytest
from confluent_kafka import Consumer

from motcua_contracts.dossier import DossierReturned
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.notification import NotificationOutcomeUnknown, NotificationSent
from motcua_contracts.types import DossierStatus, ReturnMethod
from motcua_local.demo.people import Person
from motcua_local.demo.story import Scene, Step, Story
from motcua_local.demo.witness import Witness
from motcua_local.errors import LocalError

DOSSIER = str(uuid4())
CITIZEN = Person("dao", "token")
FACTS = [str(uuid4()) for _ in range(3)]
MESSAGES = [str(uuid4()) for _ in FACTS]


def event(data: EventData, event_id: str) -> Event[EventData]:
    return Event(
        id=event_id,
        source="/motcua/test",
        type=data.type,
        time=datetime.now(UTC),
        subject=data.subject,
        sequence=1,
        correlation_id="c",
        data_schema=data.data_schema(),
        data=data,
    )


def about(number: int) -> dict[str, Any]:
    return {
        "dossier_id": DOSSIER,
        "message_id": MESSAGES[number],
        "fact_event_id": FACTS[number],
        "channel": "email",
        "template": "returned",
        "template_version": 1,
        "provider": "smtp",
    }


def sent(*numbers: int) -> list[EventData]:
    return [NotificationSent(**about(number)) for number in numbers]


def unknown(*numbers: int) -> list[EventData]:
    why = "answer-lost"
    return [NotificationOutcomeUnknown(**about(n), reason_code=why) for n in numbers]


@contextmanager
def mail_box(messages: Sequence[str]) -> Generator[str]:
    """A mail server whose box has mails of these messages; gives its URL."""
    mails = [{"headers": {"Message-ID": f"<{message}@motcua.example>"}} for message in messages]

    class Box(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(mails).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """In silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Box) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _ignore(_: str | Step) -> None:
    """Nobody is told."""


def story(outcomes: Sequence[EventData], mail: str = "", *, unanswered_mail: bool = False) -> Story:
    """A story whose facts were seen, and such outcomes of the mails about them."""
    silent = create_autospec(Consumer, instance=True)
    silent.poll.return_value = None
    fact = DossierReturned(
        dossier_id=DOSSIER,
        code="H42.10-20260302-0000017",
        procedure_code="2.000488",
        agency="H42.10",
        status=DossierStatus.RETURNED,
        returned_at=datetime.now(UTC),
        how=ReturnMethod.ONLINE,
    )
    seen = [event(fact, fact_id) for fact_id in FACTS]
    seen += [event(outcome, str(uuid4())) for outcome in outcomes]
    scene = Scene(
        {"mail": {"url": mail}},
        Witness(silent, {DOSSIER: seen}),
        keepsakes=Path("nowhere"),
        kill=_ignore,
        start=_ignore,
        step_seconds=0.05,
        unanswered_mail=unanswered_mail,
    )
    return Story("a", "A story", scene, _ignore, dossier_id=DOSSIER, told=set(FACTS))


def in_box(*numbers: int) -> list[str]:
    return [MESSAGES[number] for number in numbers]


def test_each_fact_is_one_mail_that_was_handed_over_and_lies_in_the_box() -> None:
    with mail_box(in_box(2, 0, 1)) as mail:
        story(sent(0, 1, 2), mail).one_mail_per_fact(CITIZEN)
        story(unknown(1) + sent(0, 1, 2), mail).one_mail_per_fact(CITIZEN)


@pytest.mark.parametrize(
    ("outcomes", "box"),
    [
        ([], []),
        (unknown(0, 1, 2), []),
        (unknown(0, 1, 2), in_box(0, 1, 2)),
        (sent(0, 1) + unknown(2), in_box(0, 1, 2)),
        (sent(0, 1), in_box(0, 1)),
        (sent(0, 1, 2), []),
        (sent(0, 1, 2), in_box(0, 1)),
        (sent(0, 1, 2), in_box(0, 1, 1)),
        (sent(0, 1, 2), in_box(0, 1, 2, 2)),
        (sent(0, 1, 2), [*in_box(0, 1, 2), "another"]),
    ],
    ids=range(10),  # ids are new at each run, names of tests must not be
)
def test_a_mail_that_is_missing_too_many_or_of_unknown_outcome_fails_the_story(
    outcomes: list[EventData], box: list[str]
) -> None:
    with mail_box(box) as mail, pytest.raises(LocalError, match="mails for 3 facts"):
        story(outcomes, mail).one_mail_per_fact(CITIZEN)


@pytest.mark.parametrize("box", [in_box(0, 1), in_box(0, 1, 2)], ids=["lost", "came"])
def test_where_a_sender_is_killed_an_unanswered_mail_may_have_come_or_not(box: list[str]) -> None:
    with mail_box(box) as mail:
        outcomes = sent(0, 1) + unknown(2)
        story(outcomes, mail, unanswered_mail=True).one_mail_per_fact(CITIZEN)


@pytest.mark.parametrize(
    ("outcomes", "box"),
    [
        (sent(0, 1), in_box(0, 1)),
        (sent(0, 1) + unknown(2), in_box(0, 2)),
        (sent(0, 1) + unknown(2), in_box(0, 1, 2, 2)),
    ],
    ids=range(3),
)
def test_nor_is_a_mail_missing_or_there_twice_where_a_sender_is_killed(
    outcomes: list[EventData], box: list[str]
) -> None:
    with mail_box(box) as mail, pytest.raises(LocalError, match="mails for 3 facts"):
        story(outcomes, mail, unanswered_mail=True).one_mail_per_fact(CITIZEN)


def test_a_step_that_is_told_waits_until_its_mail_is_handed_over() -> None:
    step = ("dossier.returned", "officer", "returned the result")
    assert story(sent(0)).see(*step, told_as="returned").id == FACTS[0]
    with pytest.raises(LocalError, match="mail about"):
        story(unknown(0)).see(*step, told_as="returned")
    story(unknown(0), unanswered_mail=True).see(*step, told_as="returned")
