"""An agency's answer continues the chain of what it answers."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from motcua_contracts.agency import AgencyProcessingStarted
from motcua_contracts.consumer import decode
from motcua_contracts.envelope import Record, encode
from motcua_contracts.topics import agency_decisions
from motcua_contracts.writer import answer, uuid7


def test_an_answer_keeps_the_correlation_and_names_its_cause(record: Record) -> None:
    received = decode(record)
    topic = agency_decisions("H42.10")
    facts = AgencyProcessingStarted(dossier_id=received.subject, agency_reference="LLTP-2026/00412")

    answered = answer(received, facts, source=topic.writer, sequence=1)

    assert answered.correlation_id == received.correlation_id
    assert answered.causation_id == received.id
    assert decode(encode(answered), topic=topic) == answered


def test_ids_are_version_7_and_sort_by_time() -> None:
    now = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
    ids = [uuid7(now + timedelta(milliseconds=step)) for step in range(100)]

    assert ids == sorted(ids)
    assert len(set(ids)) == 100
    assert {(UUID(text).version, UUID(text).variant) for text in ids} == {
        (7, "specified in RFC 4122")
    }
