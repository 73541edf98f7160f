"""The tables of notification. No name, address or text stands in them in the clear."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import declared_attr, registry
from sqlmodel import Field, SQLModel

from motcua_contracts.types import NotificationChannel
from notification.domain import State

APPLICANT = "applicant"
"""Whom a message is for, in relation to the dossier; who that is, the recipients' record says."""


class Row(SQLModel, registry=registry()):
    """Base of notification's tables: `Message` lies in `messages`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 # pyright: ignore[reportIncompatibleVariableOverride] - SQLModel's own way
        return f"{cls.__name__.lower()}s"


class Recipient(Row, table=True):
    """The contact of a dossier, as encrypted by intake; it is opened only to send."""

    dossier_id: str = Field(primary_key=True, sa_type=UUID(as_uuid=False))
    recipient_id: str = Field(sa_type=Text)
    ciphertext: str = Field(sa_type=Text, repr=False)
    key_id: str = Field(sa_type=Text)
    sequence: int = Field(sa_type=BigInteger)
    received_at: datetime = Field(sa_type=DateTime(timezone=True))


class Message(Row, table=True):
    """One message to a citizen about one fact over one channel."""

    id: str = Field(primary_key=True, sa_type=UUID(as_uuid=False))
    fact_event_id: str = Field(sa_type=UUID(as_uuid=False))
    fact_type: str = Field(sa_type=Text)
    fact: dict[str, Any] = Field(sa_type=JSONB)
    dossier_id: str = Field(sa_type=UUID(as_uuid=False))
    dossier_code: str | None = Field(default=None, sa_type=Text)
    """As an earlier message told it, where the fact does not say it."""
    recipient: str = Field(default=APPLICANT, sa_type=Text)
    channel: str = Field(default=NotificationChannel.EMAIL, sa_type=Text)
    template: str = Field(sa_type=Text)
    template_version: int = Field(sa_type=Integer)
    state: str = Field(default=State.RESERVED, sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    reply_code: int | None = Field(default=None, sa_type=Integer)
    attempts: int = Field(default=0, sa_type=Integer)
    reserved_at: datetime = Field(sa_type=DateTime(timezone=True))
    changed_at: datetime = Field(sa_type=DateTime(timezone=True))
    due_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    give_up_at: datetime = Field(sa_type=DateTime(timezone=True))
    claim: str | None = Field(default=None, sa_type=UUID(as_uuid=False))
    lease_until: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    correlation_id: str = Field(sa_type=Text)
    traceparent: str = Field(sa_type=Text)


class Attempt(Row, table=True):
    """What one attempt came to, or what an operator did; never changed."""

    id: str = Field(primary_key=True, sa_type=UUID(as_uuid=False))
    message_id: str = Field(sa_type=UUID(as_uuid=False))
    number: int = Field(sa_type=Integer)
    happened_at: datetime = Field(sa_type=DateTime(timezone=True))
    happening: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    reply_code: int | None = Field(default=None, sa_type=Integer)
    operator: str | None = Field(default=None, sa_type=Text)
    why: str | None = Field(default=None, sa_type=Text)
