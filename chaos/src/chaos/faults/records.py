"""Records on an agency's topic that nobody can handle, or that only a later release could.

Each is about a dossier of its own that does not exist, so that no real one waits behind it. They
stay parked until the end: the checker compares them with what was planted.
"""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from confluent_kafka import Producer

from chaos.faults.fault import Struck
from chaos.rig import Rig
from chaos.topics import login
from motcua_contracts.agency import AgencyProcessingStarted
from motcua_contracts.envelope import Event, Record, encode
from motcua_contracts.topics import agency_decisions, agency_source
from motcua_contracts.writer import uuid7
from motcua_local.surroundings import AGENCIES

PLANTED = "x-planted"
DELIVERY_SECONDS = 120.0
LONG = 1_040_000
"""As much as a broker takes with key and headers, which is a mebibyte."""
STARTED = "vn.motcua.agency.processing-started"

Spoil = Callable[[Record], Record]


class NotDeliveredError(Exception):
    """The broker did not take what was planted."""


def _with_header(record: Record, name: str, value: bytes | None) -> Record:
    changed = {**dict(record.headers), name: value}
    return record._replace(headers=tuple(changed.items()))


def _without_header(record: Record, name: str) -> Record:
    return record._replace(headers=tuple(pair for pair in record.headers if pair[0] != name))


def _with_field(record: Record, **fields: object) -> Record:
    said = {**json.loads(record.value or b"{}"), **fields}
    return record._replace(value=json.dumps(said).encode())


_OTHER = b"/agencies/H99.99"

POISON: Mapping[str, tuple[str, Spoil]] = {
    "null key": ("null-key", lambda r: r._replace(key=None)),
    "a key in no alphabet": ("key-not-utf8", lambda r: r._replace(key=b"\xff\xfe")),
    "the key of another": ("key-not-subject", lambda r: r._replace(key=str(uuid4()).encode())),
    "no type": ("missing-header", lambda r: _without_header(r, "ce_type")),
    "a header in no alphabet": ("header-not-utf8", lambda r: _with_header(r, "ce_id", b"\xff")),
    "null source": ("null-header", lambda r: _with_header(r, "ce_source", None)),
    "no number": ("bad-header", lambda r: _with_header(r, "ce_sequence", b"first")),
    "another's source": ("wrong-origin", lambda r: _with_header(r, "ce_source", _OTHER)),
    "plain text": ("wrong-content-type", lambda r: _with_header(r, "content-type", b"text/plain")),
    "no body": ("no-body", lambda r: r._replace(value=None)),
    "bad UTF-8": ("body-not-utf8", lambda r: r._replace(value=b'{"dossierId": "\xff"}')),
    "half a body": ("body-not-json", lambda r: r._replace(value=b"{")),
    "deep nesting": ("too-deep", lambda r: r._replace(value=b"[" * 10_000 + b"]" * 10_000)),
    "an empty object": ("bad-data", lambda r: r._replace(value=b"{}")),
    "a number for a text": ("bad-data", lambda r: _with_field(r, agencyReference=7)),
    "a mebibyte of text": ("bad-data", lambda r: _with_field(r, agencyReference="x" * LONG)),
}
"""What is wrong with it, and the reason for which it must be parked."""

LATER: Mapping[str, tuple[str, Spoil]] = {
    "a new field": ("unknown-dossier", lambda r: _with_field(r, mood="good")),
    "a new type": (
        "unknown-type",
        lambda r: _with_header(r, "ce_type", STARTED.encode() + b"x.v1"),
    ),
    "a new major": ("newer-major", lambda r: _with_header(r, "ce_type", STARTED.encode() + b".v2")),
}
"""The same for what a later release might say. Of these, the new field is readable: it is parked
because there is no such dossier.
"""


class Planted:
    """Some records of one kind on one agency's topic. Nothing is healed: they are parked."""

    def __init__(self, kind: str, table: Mapping[str, tuple[str, Spoil]], *, at_once: int) -> None:
        self.kind = kind
        self._table = table
        self._at_once = at_once

    def hindrance(self, _: Rig, /) -> str | None:
        return None

    async def strike(self, rig: Rig, /, chance: random.Random) -> Struck:
        agency = chance.choice(sorted(AGENCIES))
        names = chance.sample(sorted(self._table), min(self._at_once, len(self._table)))
        topic = agency_decisions(agency).name
        records: list[Record] = []
        for name in names:
            expects, spoil = self._table[name]
            planted_id = str(uuid4())
            records.append(_with_header(spoil(_started(agency)), PLANTED, planted_id.encode()))
            rig.history.note(
                "poison",
                plantedId=planted_id,
                topic=topic,
                expects=expects,
                agency=agency,
                wrong=name,
            )
        await asyncio.to_thread(_send, rig, records, agency=agency)
        return Struck(topic, {"what": names})

    async def heal(self, rig: Rig, /, struck: Struck) -> None:
        """Nothing to do."""


def plantings() -> tuple[Planted, Planted]:
    return Planted("poison", POISON, at_once=6), Planted("future-schema", LATER, at_once=3)


def _started(agency: str) -> Record:
    """What an agency's own system says first of a dossier; of this one nobody heard before."""
    now = datetime.now(UTC)
    dossier_id = str(uuid7(now))
    data = AgencyProcessingStarted(dossier_id=dossier_id, agency_reference="1/2026")
    event = Event(
        id=uuid7(now),
        source=agency_source(agency),
        type=data.type,
        time=now,
        subject=dossier_id,
        sequence=1,
        correlation_id=str(uuid4()),
        data_schema=data.data_schema(),
        data=data,
    )
    return encode(event)


def _send(rig: Rig, records: list[Record], *, agency: str) -> None:
    """As the agency itself. Once each: what is told as planted is there once."""
    settings: dict[str, Any] = {
        **login(rig.endpoints["kafka"], f"agency-{agency}"),
        "partitioner": "murmur2_random",
        "enable.idempotence": True,
        "message.max.bytes": 2 * LONG,
    }
    producer = Producer(settings)
    for record in records:
        producer.produce(
            agency_decisions(agency).name,
            record.value,
            key=record.key,
            headers=[*record.headers],
        )
    if left := producer.flush(DELIVERY_SECONDS):
        raise NotDeliveredError(f"{left} records")
