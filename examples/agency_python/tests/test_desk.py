"""How the desk works: once per dossier, whatever is repeated, lost or killed."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from agency.__main__ import answer, take
from agency.desk import Desk, Policy
from agency.store import Store
from motcua_contracts.agency import ResultFile
from motcua_contracts.consumer import decode
from motcua_contracts.dossier import (
    DossierEvent,
    DossierReceived,
    DossierSupplemented,
    DossierWithdrawn,
)
from motcua_contracts.envelope import Event, EventData, Record, encode
from motcua_contracts.topics import DOSSIER_EVENTS, INTAKE, agency_decisions
from motcua_contracts.types import DossierStatus

AGENCY = "H42.11"
NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
DOSSIER = "01937a00-0000-7000-8000-000000000001"


class Intake:
    """A fake intake: takes result papers, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.papers: list[str] = []

    def upload(self, reference: str) -> ResultFile:
        if self.away:
            raise ConnectionRefusedError
        self.papers.append(reference)
        return ResultFile(kind="certificate", file_id=str(uuid.uuid4()), sha256="0" * 64)


class Broker:
    """A fake broker: keeps what it was sent, and may die before it says so."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.dies = False

    async def publish(self, topic: str, value: bytes, *, key: bytes, headers: Any) -> None:
        assert topic == agency_decisions(AGENCY).name
        assert isinstance(headers, list)
        self.records.append(Record(key, value, tuple(headers)))
        if self.dies:
            raise ConnectionResetError

    def events(self) -> list[Event[EventData]]:
        return [decode(record, topic=agency_decisions(AGENCY)) for record in self.records]


def consumed(record: Record, *, offset: int) -> ConsumerRecord[bytes, bytes]:
    """A record as aiokafka hands it over."""
    return ConsumerRecord(
        topic=DOSSIER_EVENTS.name,
        partition=3,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=record.key,
        value=record.value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=[(name, value or b"") for name, value in record.headers],
    )


@pytest.fixture
def intake() -> Intake:
    return Intake()


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agency.sqlite"


def desk(path: Path, intake: Intake, policy: Policy = Policy.APPROVE) -> Desk:
    """A desk as it stands after a start: all it knows is in the store."""
    return Desk(Store(str(path), AGENCY), policy, intake.upload)


def facts(**more: Any) -> dict[str, Any]:
    return {
        "dossier_id": DOSSIER,
        "code": "H42.01-261125-0001",
        "procedure_code": "2.001610",
        "agency": AGENCY,
        **more,
    }


def received(**more: Any) -> DossierReceived:
    times = {"received_at": NOON, "due_at": NOON}
    return DossierReceived(**facts(status=DossierStatus.RECEIVED, **times, **more))


def supplemented() -> DossierSupplemented:
    status = DossierStatus.PROCESSING
    return DossierSupplemented(**facts(status=status, papers=(), supplemented_at=NOON))


def withdrawn() -> DossierWithdrawn:
    status = DossierStatus.WITHDRAWN
    return DossierWithdrawn(**facts(status=status, withdrawn_at=NOON, reason_code="by-applicant"))


def event(
    data: DossierEvent, sequence: int = 2, *, correlation: str = "corr-1"
) -> Event[EventData]:
    return Event(
        id=str(uuid.uuid4()),
        source=INTAKE,
        type=data.type,
        time=NOON,
        subject=data.subject,
        sequence=sequence,
        correlation_id=correlation,
        data_schema=data.data_schema(),
        data=data,
    )


def kinds(broker: Broker) -> list[str]:
    return [event.type.removeprefix("vn.motcua.agency.") for event in broker.events()]


async def test_a_received_dossier_is_taken_up_and_decided(
    path: Path, intake: Intake, broker: Broker
) -> None:
    working = desk(path, intake)
    dossier = received()
    arrival = event(dossier)

    working.take(arrival)
    await answer(working, broker.publish)

    assert kinds(broker) == ["processing-started.v1", "decided.v1"]
    answers = broker.events()
    assert [answer.sequence for answer in answers] == [1, 2]
    assert {answer.subject for answer in answers} == {DOSSIER}
    assert {answer.correlation_id for answer in answers} == {"corr-1"}
    assert {answer.causation_id for answer in answers} == {arrival.id}
    assert intake.papers == [dossier.code]


async def test_the_planning_desk_asks_for_a_supplement_and_decides_when_it_came(
    path: Path, intake: Intake, broker: Broker
) -> None:
    working = desk(path, intake, Policy.SUPPLEMENT_FIRST)

    working.take(event(received()))
    await answer(working, broker.publish)
    assert kinds(broker) == ["processing-started.v1", "supplement-requested.v1"]

    came = event(supplemented(), sequence=5, correlation="corr-2")
    working.take(came)
    await answer(working, broker.publish)
    assert kinds(broker)[2:] == ["decided.v1"]
    assert broker.events()[-1].sequence == 3
    assert broker.events()[-1].causation_id == came.id
    assert broker.events()[-1].correlation_id == "corr-2"


async def test_a_dossier_of_another_agency_is_none_of_its_business(
    path: Path, intake: Intake
) -> None:
    working = desk(path, intake)

    working.take(event(received(agency="H42.10")))
    await working.decide()

    assert working.store.unsent() == []


async def test_a_repeated_event_changes_nothing_even_after_a_restart(
    path: Path, intake: Intake, broker: Broker
) -> None:
    arrival = event(received())
    for _ in range(3):
        working = desk(path, intake)
        working.take(arrival)
        working.take(arrival)
        await answer(working, broker.publish)

    assert kinds(broker) == ["processing-started.v1", "decided.v1"]


async def test_killed_between_sending_and_marking_it_sends_the_same_bytes_again(
    path: Path, intake: Intake, broker: Broker
) -> None:
    working = desk(path, intake)
    working.take(event(received()))
    await working.decide()
    broker.dies = True
    with pytest.raises(ConnectionResetError):
        await answer(working, broker.publish)

    broker.dies = False
    restarted = desk(path, intake)
    await answer(restarted, broker.publish)

    first, again, _ = broker.records
    assert first == again
    assert kinds(broker)[1:] == ["processing-started.v1", "decided.v1"]
    assert restarted.store.unsent() == []


async def test_killed_while_taking_note_it_remembers_nothing_and_takes_it_again(
    path: Path, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, arrival = desk(path, intake), event(received())
    with monkeypatch.context() as patch:
        patch.setattr("agency.store.answer", None)
        with pytest.raises(TypeError):
            working.take(arrival)

    restarted = desk(path, intake)
    assert restarted.store.undecided() == []
    restarted.take(arrival)
    assert len(restarted.store.undecided()) == 1


async def test_while_intake_is_away_the_decision_waits(
    path: Path, intake: Intake, broker: Broker
) -> None:
    working = desk(path, intake)
    working.take(event(received()))
    intake.away = True
    await answer(working, broker.publish)
    assert kinds(broker) == ["processing-started.v1"]

    intake.away = False
    await answer(working, broker.publish)
    assert kinds(broker) == ["processing-started.v1", "decided.v1"]


async def test_a_supplement_that_it_did_not_wait_for_decides_nothing(
    path: Path, intake: Intake, broker: Broker
) -> None:
    working = desk(path, intake, Policy.SUPPLEMENT_FIRST)
    for sequence, data in enumerate([supplemented(), received(), supplemented()], start=1):
        working.take(event(data, sequence))
        await answer(working, broker.publish)
    working.take(event(supplemented(), 4))
    await answer(working, broker.publish)

    assert len(intake.papers) == 1
    assert [event.sequence for event in broker.events()] == [1, 2, 3]


async def test_a_withdrawn_dossier_is_not_decided(path: Path, intake: Intake) -> None:
    working = desk(path, intake)
    for sequence, data in enumerate([received(), withdrawn()], start=1):
        working.take(event(data, sequence))
    await working.decide()

    assert intake.papers == []


def test_what_cannot_be_read_is_told_with_its_place_and_the_next_record_is_read(
    path: Path, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    working = desk(path, intake)

    take(working, consumed(Record(b"\xff", b"{}", ()), offset=7))
    take(working, consumed(encode(event(received())), offset=8))

    assert "motcua.dossier.events.v1/3/7 (key-not-utf8)" in caplog.text
    assert len(working.store.undecided()) == 1
