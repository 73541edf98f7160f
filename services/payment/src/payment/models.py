"""The tables of payment. Who pays is an opaque reference; nothing here names a person."""

import re
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, DateTime, Enum, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.orm import declared_attr, registry
from sqlmodel import Field, SQLModel

from motcua_contracts.types import Dong, ObligationKind
from payment.domain import AttemptState, OrderLine, OrderState, RefundReason, SuspenseReason
from payment.ports import GatewayOutcome, Reception


class Door(StrEnum):
    """Which way a gateway's statement came in."""

    NOTIFICATION = "notification"
    QUERY = "query"


class Row(SQLModel, registry=registry()):
    """Base of payment's tables: `GatewayTransaction` lies in `gateway_transactions`."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 # pyright: ignore[reportIncompatibleVariableOverride] - SQLModel's own way
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower() + "s"


def _id() -> UUID[str]:
    return UUID(as_uuid=False)


def _time() -> DateTime:
    return DateTime(timezone=True)


def _choice(kind: type[StrEnum]) -> Enum:
    """A text column that holds the values of `kind`."""
    return Enum(kind, native_enum=False, length=32, values_callable=_values)


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


class Dossier(Row, table=True):
    """A dossier that owes or owed something: the lock under which its money is decided about."""

    id: str = Field(primary_key=True, sa_type=_id())
    code: str = Field(sa_type=Text)
    procedure_code: str = Field(sa_type=Text)
    applicant_id: str = Field(sa_type=Text)
    intake_agency: str | None = Field(default=None, sa_type=Text)
    """Whose officers take the payment at the counter; None where nobody told us."""
    ended_for: RefundReason | None = Field(default=None, sa_type=_choice(RefundReason))


class Obligation(Row, table=True):
    """Something due, and the order that settled it."""

    id: str = Field(primary_key=True, sa_type=_id())
    dossier_id: str = Field(sa_type=_id())
    kind: ObligationKind = Field(sa_type=_choice(ObligationKind))
    amount: Dong = Field(sa_type=BigInteger)
    due_at: datetime = Field(sa_type=_time())
    exemption_ground: str | None = Field(default=None, sa_type=Text)
    settled_by: str | None = Field(default=None, sa_type=_id())


class Order(Row, table=True):
    """A request for money; what it asks for is fixed when it opens."""

    id: str = Field(primary_key=True, sa_type=_id())
    dossier_id: str = Field(sa_type=_id())
    dossier_code: str = Field(sa_type=Text)
    procedure_code: str = Field(sa_type=Text)
    amount: Dong = Field(sa_type=BigInteger)
    lines: list[OrderLine] = Field(sa_type=JSONB)
    state: OrderState = Field(default=OrderState.OPEN, sa_type=_choice(OrderState))
    opened_at: datetime = Field(sa_type=_time())
    expires_at: datetime = Field(sa_type=_time())
    ended_at: datetime | None = Field(default=None, sa_type=_time())
    awaited_since: datetime | None = Field(default=None, sa_type=_time())
    """Since when it is paid and its dossier does not go on; None when nobody waits for that."""
    redrives: int = Field(default=0, sa_type=Integer)
    next_redrive_at: datetime | None = Field(default=None, sa_type=_time())
    """None while it is awaited: given up."""


class UncoveredObligation(Row, table=True):
    """What intake counts as settled, and no order of ours was paid for when we heard of it."""

    id: str = Field(primary_key=True, sa_type=_id())
    dossier_id: str = Field(sa_type=_id())
    dossier_code: str = Field(sa_type=Text)
    order_id: str = Field(sa_type=_id())
    """As intake names it."""
    heard_at: datetime = Field(sa_type=_time())


class Attempt(Row, table=True):
    """One try to pay an order at one gateway, under a reference of ours."""

    id: str = Field(primary_key=True, sa_type=_id())
    order_id: str = Field(sa_type=_id())
    dossier_id: str = Field(sa_type=_id())
    gateway: str = Field(sa_type=Text)
    reference: str = Field(sa_type=Text)
    state: AttemptState = Field(default=AttemptState.STARTED, sa_type=_choice(AttemptState))
    code: str | None = Field(default=None, sa_type=Text)
    started_at: datetime = Field(sa_type=_time())
    expires_at: datetime = Field(sa_type=_time())
    queries: int = Field(default=0, sa_type=Integer)
    queried_at: datetime | None = Field(default=None, sa_type=_time())
    next_query_at: datetime | None = Field(default=None, sa_type=_time())


class GatewayTransaction(Row, table=True):
    """Money that a gateway verifiably took, booked once; `suspended_for` while it fits no order."""

    id: str = Field(primary_key=True, sa_type=_id())
    gateway: str = Field(sa_type=Text)
    transaction_id: str = Field(sa_type=Text)
    amount: Dong = Field(sa_type=BigInteger)
    paid_at: datetime = Field(sa_type=_time())
    booked_at: datetime = Field(sa_type=_time())
    door: Door = Field(sa_type=_choice(Door))
    order_id: str | None = Field(default=None, sa_type=_id())
    attempt_id: str | None = Field(default=None, sa_type=_id())
    suspended_for: SuspenseReason | None = Field(default=None, sa_type=_choice(SuspenseReason))


class Refund(Row, table=True):
    """Money that is to go back to the payer; at most one per transaction."""

    id: str = Field(primary_key=True, sa_type=_id())
    order_id: str = Field(sa_type=_id())
    money_id: str = Field(sa_type=_id())
    amount: Dong = Field(sa_type=BigInteger)
    reason: RefundReason = Field(sa_type=_choice(RefundReason))
    requested_at: datetime = Field(sa_type=_time())


class Receipt(Row, table=True):
    """A numbered receipt, kept as it was rendered."""

    id: str = Field(primary_key=True, sa_type=_id())
    order_id: str = Field(sa_type=_id())
    kind: ObligationKind = Field(sa_type=_choice(ObligationKind))
    template: str = Field(sa_type=Text)
    serial: str = Field(sa_type=Text)
    number: int = Field(sa_type=BigInteger)
    amount: Dong = Field(sa_type=BigInteger)
    document: str = Field(sa_type=Text)
    sha256: str = Field(sa_type=Text)
    issued_at: datetime = Field(sa_type=_time())


class GatewayNotification(Row, table=True):
    """The journal: every notification as it came, without its signature, and what it met."""

    id: str = Field(primary_key=True, sa_type=_id())
    gateway: str = Field(sa_type=Text)
    received_at: datetime = Field(sa_type=_time())
    raw: str = Field(sa_type=Text)
    reception: Reception = Field(sa_type=_choice(Reception))
    reason: str | None = Field(default=None, sa_type=Text)
    outcome: GatewayOutcome | None = Field(default=None, sa_type=_choice(GatewayOutcome))
    reference: str | None = Field(default=None, sa_type=Text)
    transaction_id: str | None = Field(default=None, sa_type=Text)
    amount: Dong | None = Field(default=None, sa_type=BigInteger)
    paid_at: datetime | None = Field(default=None, sa_type=_time())
