"""How a dossier ended, as people and outside programs can see it; two dossiers that went the same
way compare equal.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from motcua_local.demo.people import Person, http, sign_in
from motcua_local.demo.story import Story
from tests.outside_reader import OutsideRecord, read_all

RETURNED = 10
APPLICANTS = {"a": "nguyen-thi-dao", "b": "tran-van-binh", "c": "tran-van-binh"}
PLANTED = "x-planted"
"""Header of the records by which tests disturb a topic."""
_LETTERS = "motcua.notification.events.v1"


@dataclass(frozen=True)
class Order:
    state: str
    amount: int
    receipts: int


@dataclass(frozen=True)
class Ending:
    """`facts` are event types by topic, in their order. `mails` counts what lies in the mail box,
    by template; `unknown` has the templates of mails of which SMTP left us without an answer.
    """

    status: int
    outcome: str
    orders: Sequence[Order]
    facts: Mapping[str, Sequence[str]]
    mails: Mapping[str, int]
    unknown: frozenset[str] = field(default_factory=frozenset[str])

    def as_if_answered(self) -> "Ending":
        """The same if each mail of unknown outcome had come; never two of one."""
        assert all(self.mails.get(template, 0) <= 1 for template in self.unknown)
        came = dict(self.mails) | dict.fromkeys(self.unknown, 1)
        return replace(self, mails=came, unknown=frozenset[str]())


def endings_of(stories: Iterable[Story], endpoints: Mapping[str, Any]) -> list[Ending]:
    """The endings of these stories, from one look at everything."""
    told: dict[str, list[OutsideRecord]] = defaultdict(list)
    for record in once_each(read_all(endpoints["kafka"])):
        told[record.header("ce_subject")].append(record)
    box = http().get(f"{endpoints['mail']['url']}/messages").json()
    written = Counter(mail["headers"]["Message-ID"].split("@")[0].strip("<") for mail in box)
    issuer = endpoints["identity"]["issuer"]
    applicants = {key: sign_in(issuer, name) for key, name in APPLICANTS.items()}
    return [
        _ending(told[story.dossier_id], story.dossier_id, applicants[story.key], written, endpoints)
        for story in stories
    ]


def once_each(records: Iterable[OutsideRecord]) -> list[OutsideRecord]:
    """The records without repetitions; a repetition is the same to the byte. What a test planted
    does not count.
    """
    seen: dict[tuple[str, str], OutsideRecord] = {}
    for record in records:
        if PLANTED in dict(record.headers):
            continue
        identity = (record.header("ce_source"), record.header("ce_id"))
        assert seen.setdefault(identity, record) == record
    return list(seen.values())


def assert_no_gaps(records: Iterable[OutsideRecord]) -> None:
    """Within each topic and dossier the facts are numbered 1…n, in this order."""
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for record in once_each(records):
        numbers[record.stream].append(int(record.header("ce_sequence")))
    assert numbers
    wrong = {stream: seen for stream, seen in numbers.items() if seen != _up_to(len(seen))}
    assert not wrong


def _up_to(count: int) -> list[int]:
    return list(range(1, count + 1))


def _ending(
    told: Sequence[OutsideRecord],
    dossier_id: str,
    applicant: Person,
    written: Mapping[str, int],
    endpoints: Mapping[str, Any],
) -> Ending:
    urls = {name: service["url"] for name, service in endpoints["services"].items()}
    dossier = applicant.get(f"{urls['intake']}/v1/dossiers/{dossier_id}")
    letters = [record for record in told if record.topic == _LETTERS]
    return Ending(
        status=dossier["status"],
        outcome=dossier["outcome"],
        orders=_orders(f"{urls['payment']}/v1/dossiers/{dossier_id}/orders", applicant),
        facts=_facts(record for record in told if record.topic != _LETTERS),
        mails=_mails(letters, written),
        unknown=_unknown(letters),
    )


def _orders(url: str, applicant: Person) -> list[Order]:
    answer = http().get(url, headers={"Authorization": f"Bearer {applicant.token}"})
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return []
    orders = answer.raise_for_status().json()
    return [Order(o["state"], o["amount"], len(o["receipts"])) for o in orders]


def _facts(records: Iterable[OutsideRecord]) -> dict[str, list[str]]:
    facts: dict[str, list[str]] = defaultdict(list)
    for record in records:
        facts[record.topic].append(record.header("ce_type"))
    return dict(facts)


def _mails(letters: Iterable[OutsideRecord], written: Mapping[str, int]) -> dict[str, int]:
    """How many mails lie in the box, by template; a message told of twice counts once."""
    told = {letter["messageId"]: letter["template"] for letter in map(_content, letters)}
    return {template: written[message_id] for message_id, template in told.items()}


def _unknown(letters: Iterable[OutsideRecord]) -> frozenset[str]:
    last = {letter["messageId"]: letter for letter in map(_content, letters)}
    return frozenset(each["template"] for each in last.values() if "reasonCode" in each)


def _content(record: OutsideRecord) -> dict[str, Any]:
    return json.loads(record.value or b"")
