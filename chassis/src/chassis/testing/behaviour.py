"""What every consumer of every service must do. A service's tests inherit the suite and say only
what is consumed:

    class TestDossierEvents(ConsumerBehaviour):
        @pytest.fixture
        async def consumed(self, scene: Scene) -> Consumed: ...
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.clock import uuid7
from chassis.consumer import Consumer
from chassis.database import Database
from chassis.held_messages import RawRecord
from chassis.rows import fetch
from chassis.testing.records import again, raw, record
from motcua_contracts.envelope import Event, EventData, Record, encode
from motcua_contracts.topics import Topic

_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_name <> 'inbox' ORDER BY table_name
"""


@dataclass(frozen=True, slots=True)
class Consumed:
    """A consumer on a real database, and an event that has an effect there."""

    consumer: Consumer[Any]
    database: Database
    event: Event[EventData]
    topic: Topic

    def record(self) -> RawRecord:
        return record(self.event, self.topic)

    async def rows(self) -> dict[str, list[str]]:
        """Everything the database holds, but for the inbox."""
        async with self.database.engine.connect() as connection:
            tables = [name for (name,) in await fetch(connection, _TABLES)]
            return {table: await _content(connection, table) for table in tables}

    async def held(self) -> list[tuple[str, str]]:
        statement = "SELECT state, reason FROM held_messages ORDER BY id"
        async with self.database.engine.connect() as connection:
            return [(state, reason) for state, reason in await fetch(connection, statement)]


async def _content(connection: AsyncConnection, table: str) -> list[str]:
    rows = await fetch(connection, f'SELECT t::text FROM "{table}" AS t')  # noqa: S608 - from the catalogue
    return sorted(row for (row,) in rows)


class ConsumerBehaviour:
    """Inherit it, and give the fixture `consumed`."""

    async def test_an_event_has_an_effect_and_none_when_it_comes_again(
        self, consumed: Consumed
    ) -> None:
        before = await consumed.rows()
        await consumed.consumer.process([consumed.record(), consumed.record()])
        once = await consumed.rows()
        assert once != before
        await consumed.consumer.process([consumed.record()])
        assert await consumed.rows() == once
        assert await consumed.held() == []

    async def test_what_cannot_be_read_is_parked_and_changes_nothing_else(
        self, consumed: Consumed
    ) -> None:
        content = encode(consumed.event)
        garbage = [
            content._replace(value=b"\xff"),
            content._replace(headers=()),
            content._replace(key=None),
            _typed(content, b"vn.motcua.nobody.knows-this.v1"),
        ]
        before = await consumed.rows()
        for part in garbage:
            await consumed.consumer.process([raw(part, consumed.topic.name)])
        after = await consumed.rows()
        assert {name for name in after if after[name] != before[name]} == {"held_messages"}
        states = [state for state, _ in await consumed.held()]
        assert len(states) == len(garbage)
        assert states[0] == "parked"

    async def test_nobody_but_the_owner_of_the_topic_is_believed(self, consumed: Consumed) -> None:
        forged = again(consumed.event, id=str(uuid7()), source="/agencies/H99.99")
        await consumed.consumer.process([record(forged, consumed.topic)])
        assert await consumed.held() == [("parked", "wrong-origin")]


def _typed(content: Record, event_type: bytes) -> Record:
    headers = tuple((n, event_type if n == "ce_type" else v) for n, v in content.headers)
    return content._replace(headers=headers)
