"""Everything that intake says on Kafka is what the contracts promise."""

import json
from pathlib import Path

import jsonschema_rs

from motcua_contracts.consumer import Order, VersionOrder, decode
from motcua_contracts.dossier import DossierDeadlineNear, DossierEvent, DossierRecipients
from motcua_contracts.envelope import Event, EventData, Record
from motcua_contracts.registry import EVENTS
from motcua_contracts.topics import TOPICS

from . import lives
from .scene import Scene

SCHEMAS = Path(__file__).parents[3] / "contracts" / "schemas"
NOT_YET = {DossierDeadlineNear}
"""In the contracts, but nothing here says it yet."""


async def published(scene: Scene) -> list[tuple[Event[EventData], bytes]]:
    """What the relay would send, read as any agency would."""
    rows = await scene.rows("SELECT topic, subject, headers, value FROM outbox ORDER BY id")
    found: list[tuple[Event[EventData], bytes]] = []
    for topic, subject, headers, value in rows:
        named = headers if isinstance(headers, dict) else json.loads(headers)
        record = Record(
            subject.encode(), value, tuple((name, text.encode()) for name, text in named.items())
        )
        found.append((decode(record, topic=TOPICS[topic]), value))
    return found


async def test_every_fact_is_said_and_fits_its_schema(scene: Scene):
    await lives.every(scene)
    said = await published(scene)
    for event, value in said:
        schema = json.loads((SCHEMAS / f"{event.type}.json").read_text("utf-8"))
        jsonschema_rs.validate(schema, json.loads(value), validate_formats=True)
    expected = {kind for kind in EVENTS if issubclass(kind, DossierEvent | DossierRecipients)}
    assert {type(event.data) for event, _ in said} == expected - NOT_YET


async def test_each_dossier_counts_without_gaps_and_its_status_follows(scene: Scene):
    dossiers = await lives.every(scene)
    order = VersionOrder()
    said = [event for event, _ in await published(scene)]
    assert {order.observe(event) for event in said} == {Order.IN_ORDER}
    ends = {
        event.subject: event.data.status for event in said if isinstance(event.data, DossierEvent)
    }
    assert [ends[dossier] for dossier in dossiers] == [10, 3, 7, 8, 10, 1, 3]


async def test_everything_of_one_request_shares_its_correlation(scene: Scene):
    headers = scene.headers(lives.DAO, **{"Idempotency-Key": "1", "X-Correlation-ID": "visit-7"})
    filing = await scene.certificate_filing()
    await scene.http.post("/v1/dossiers", json=filing, headers=headers)
    said = [event for event, _ in await published(scene)]
    assert len(said) == 3
    assert {event.correlation_id for event in said} == {"visit-7"}
