"""Events that a service published, and its operator who asks its command line."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from pydantic_settings import SettingsConfigDict

from chassis import correlation, kafka, outbox
from chassis.clock import utc_now, uuid7
from chassis.database import Database
from chassis.kafka import within
from chassis.relay import Relay
from chassis.settings import KafkaSettings, OidcSettings, ServiceSettings
from chassis.testing.dossiers import received
from motcua_contracts.topics import INTAKE
from operations import cli

OIDC = OidcSettings(issuer="https://identity.example.vn", audience="motcua")


class TrialSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TRIAL_")


async def announce(database: Database, topic: str, dossiers: Sequence[str]) -> None:
    """One event more of each dossier, in the outbox."""
    async with database.engine.begin() as connection:
        await outbox.append(
            connection,
            INTAKE,
            [
                outbox.Announcement(
                    str(uuid7()),
                    utc_now(),
                    topic,
                    dossier,
                    received(dossier),
                    correlation.current(),
                )
                for dossier in dossiers
            ],
        )


def relay_for(database: Database, settings: KafkaSettings) -> Relay:
    return Relay(database.url, lambda: kafka.producer(settings, client_id="test"))


async def publish(
    database: Database, settings: KafkaSettings, topic: str, dossiers: Sequence[str]
) -> None:
    """One event more of each dossier, on the topic and in the log."""
    await announce(database, topic, dossiers)
    relay = relay_for(database, settings)
    relay.stop()
    await within(relay.run(), 30)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who asks the service `trial`."""

    url: str
    kafka: KafkaSettings
    _printed: pytest.CaptureFixture[str]

    async def ask(self, *words: str) -> Answer:
        """The answer to `trial …`."""
        settings = TrialSettings(database_url=self.url, http_port=1, kafka=self.kafka, oidc=OIDC)
        options = cli._parser("trial").parse_args(words)
        self._printed.readouterr()
        code = await cli._run("trial", settings, options)
        said = self._printed.readouterr()
        return Answer(code, said.out, said.err)
