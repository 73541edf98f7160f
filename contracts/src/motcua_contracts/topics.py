"""Where events are published: one writer per topic, by contract and by ACL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from pydantic import TypeAdapter

from motcua_contracts.types import AgencyCode

PARTITIONER = "murmur2"
"""Topics share keys and partition counts only if every writer partitions alike.

Java clients and aiokafka use murmur2 by default; librdkafka needs `partitioner=murmur2_random`.
"""


class CleanupPolicy(StrEnum):
    """What Kafka does with old records."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One Kafka topic and the promise that goes with it."""

    name: str
    writer: str
    """The `ce_source` of every event on it."""
    readers: tuple[str, ...]
    """Who may read it: services by name, `agencies` for all of them."""
    partitions: int
    retention: timedelta | None = timedelta(days=14)
    """How long a record is kept at least; None where compaction keeps the last of each key."""
    cleanup_policy: CleanupPolicy = CleanupPolicy.DELETE


INTAKE = "/motcua/intake"
PAYMENT = "/motcua/payment"
CERTIFICATION = "/motcua/certification"
NOTIFICATION = "/motcua/notification"

DOSSIER_EVENTS = Topic(
    name="motcua.dossier.events.v1",
    writer=INTAKE,
    readers=("payment", "certification", "notification", "agencies"),
    partitions=12,
)
PAYMENT_EVENTS = Topic(
    name="motcua.payment.events.v1",
    writer=PAYMENT,
    readers=("intake", "notification", "agencies"),
    partitions=12,
)
CERTIFICATION_EVENTS = Topic(
    name="motcua.certification.events.v1",
    writer=CERTIFICATION,
    readers=("intake", "notification", "agencies"),
    partitions=12,
)
NOTIFICATION_EVENTS = Topic(
    name="motcua.notification.events.v1",
    writer=NOTIFICATION,
    readers=("intake",),
    partitions=12,
)
DOSSIER_RECIPIENTS = Topic(
    name="motcua.dossier.recipients.v1",
    writer=INTAKE,
    readers=("notification",),
    partitions=12,
    retention=None,
    cleanup_policy=CleanupPolicy.COMPACT,
)

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        topic.name: topic
        for topic in (
            DOSSIER_EVENTS,
            PAYMENT_EVENTS,
            CERTIFICATION_EVENTS,
            NOTIFICATION_EVENTS,
            DOSSIER_RECIPIENTS,
        )
    }
)
"""The topics that exist once; each agency has one more, see `agency_decisions`."""

_AGENCY_CODE: TypeAdapter[str] = TypeAdapter(AgencyCode)


def agency_source(code: AgencyCode) -> str:
    """The `ce_source` of an agency's own system, such as `/agencies/H42.10`."""
    return f"/agencies/{_AGENCY_CODE.validate_python(code)}"


def agency_decisions(code: AgencyCode) -> Topic:
    """The topic that only the agency's own system writes, and intake reads."""
    return Topic(
        name=f"motcua.agency.{_AGENCY_CODE.validate_python(code)}.decisions.v1",
        writer=agency_source(code),
        readers=("intake",),
        partitions=6,
    )
