"""Copies and their register: the states, the transition tables, and the rules. Pure.

NĐ 23/2015/NĐ-CP, NĐ 45/2020/NĐ-CP art. 10; fee: TT 226/2016/TT-BTC art. 4.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from certification.refusals import (
    ClerkIsSigner,
    DossierOver,
    PaymentAwaited,
    StepNotPossible,
    UnknownReason,
)
from chassis.errors import Text
from motcua_contracts.types import Dong, ProcedureCode, ReasonCode, SignatureLevel

PROCEDURE = "2.000815"
"""Certified copies from originals (chứng thực bản sao từ bản chính)."""
FEE_CODE = "phi-chung-thuc-ban-sao"

_LEVELS = (SignatureLevel.B_T, SignatureLevel.B_LT, SignatureLevel.B_LTA)

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def is_certification(procedure_code: ProcedureCode) -> bool:
    """Whether it is that procedure, also under its local code."""
    return procedure_code == PROCEDURE or procedure_code.startswith(f"{PROCEDURE}.")


class DossierState(StrEnum):
    """As far as it matters here."""

    OPEN = "open"  # filed, perhaps waiting for the money
    RECEIVED = "received"
    COMPLETED = "completed"
    ENDED = "ended"  # withdrawn, refused or stopped


class CopyState(StrEnum):
    REQUESTED = "requested"  # scanned; the money is due
    READY = "ready"  # waits for the authorised person
    SIGNING = "signing"  # approved: its number and everything else is fixed
    CERTIFIED = "certified"
    REFUSED = "refused"
    REVOKED = "revoked"
    REPLACED = "replaced"


class CopyStep(StrEnum):
    RECEIVE = "receive"
    APPROVE = "approve"
    CERTIFY = "certify"
    REFUSE = "refuse"
    REVOKE = "revoke"
    REPLACE = "replace"


# A cell that is not here is refused.
TRANSITIONS: Mapping[tuple[CopyState, CopyStep], CopyState] = MappingProxyType(
    {
        (CopyState.REQUESTED, CopyStep.RECEIVE): CopyState.READY,
        (CopyState.REQUESTED, CopyStep.REFUSE): CopyState.REFUSED,
        (CopyState.READY, CopyStep.APPROVE): CopyState.SIGNING,
        (CopyState.READY, CopyStep.REFUSE): CopyState.REFUSED,
        (CopyState.SIGNING, CopyStep.CERTIFY): CopyState.CERTIFIED,
        (CopyState.SIGNING, CopyStep.REFUSE): CopyState.REFUSED,
        (CopyState.CERTIFIED, CopyStep.REVOKE): CopyState.REVOKED,
        (CopyState.CERTIFIED, CopyStep.REPLACE): CopyState.REPLACED,
    }
)
DOSSIER_ENDED = "dossier-ended"
"""Reason of a copy that is not made, or holds no longer, because its dossier is over."""
NOTHING_TO_REPLACE = "nothing-to-replace"
"""Reason of a copy that was to replace one which was revoked meanwhile."""
_WRONG_COPY = ("scan-unreadable", "content-differs", "certified-in-error", "key-compromised")
REASONS: Mapping[CopyStep, tuple[ReasonCode, ...]] = MappingProxyType(
    {
        CopyStep.REFUSE: (
            "original-erased",
            "original-damaged",
            "original-secret",
            "original-unlawful",
            "not-legalised",
            "private-paper",
            "original-not-shown",
            "not-certified",
        ),
        CopyStep.REVOKE: ("original-forged", "original-revoked", *_WRONG_COPY),
        CopyStep.REPLACE: _WRONG_COPY,
    }
)
"""Why officials may do it. Those of a refusal are in intake's list of the procedure as well (NĐ
23/2015/NĐ-CP art. 20, 22), and all are in words at notification.
"""
UNFINISHED = frozenset({CopyState.REQUESTED, CopyState.READY, CopyState.SIGNING})
LIVE = UNFINISHED | {CopyState.CERTIFIED}


class EntryState(StrEnum):
    """Of an entry in the register: a number that was taken is used, or void with a reason."""

    RESERVED = "reserved"
    USED = "used"
    VOID = "void"


class AttemptState(StrEnum):
    """Of an attempt to sign."""

    STARTED = "started"
    FINISHED = "finished"
    HINDERED = "hindered"
    ORPHANED = "orphaned"  # nobody knows how far it came; whatever it signed does not count


class Dossier(Protocol):
    """What the rules look at of a dossier."""

    @property
    def state(self) -> DossierState: ...
    @property
    def owes(self) -> bool: ...


class Copy(Protocol):
    """What the rules look at of a copy."""

    @property
    def state(self) -> CopyState: ...
    @property
    def clerk(self) -> str: ...


def step(state: CopyState, taken: CopyStep) -> CopyState:
    """The state after a step. Raises `StepNotPossible`."""
    try:
        return TRANSITIONS[state, taken]
    except KeyError:
        raise StepNotPossible(
            f"a copy that is {state} cannot {taken}", state=str(state), step=str(taken)
        ) from None


def require_reason(code: ReasonCode, taken: CopyStep) -> None:
    """Raises `UnknownReason`, which names those that are known."""
    known = REASONS[taken]
    if code not in known:
        codes = ", ".join(known)
        raise UnknownReason(
            Text(f"Chọn một trong các lý do: {codes}.", f"Choose one of these reasons: {codes}."),
            allowed=list(known),
        )


def may_be_ready(dossier: Dossier) -> bool:
    """Whether the signer's turn has come: the office received the dossier, and it was paid. One
    that is completed has its copy.
    """
    return dossier.state is DossierState.RECEIVED and not dossier.owes


def require_open(dossier: Dossier) -> None:
    """A first copy is asked for in a dossier that is open. Raises `DossierOver`."""
    if dossier.state not in (DossierState.OPEN, DossierState.RECEIVED):
        raise DossierOver


def require_approvable(copy: Copy, dossier: Dossier, *, signer: str, clerk_may_sign: bool) -> None:
    """Raises `StepNotPossible`, `DossierOver`, `PaymentAwaited` or `ClerkIsSigner`."""
    step(copy.state, CopyStep.APPROVE)
    if dossier.state is DossierState.ENDED:
        raise DossierOver
    if dossier.state is DossierState.OPEN or dossier.owes:
        raise PaymentAwaited
    if signer == copy.clerk and not clerk_may_sign:
        raise ClerkIsSigner


def fee(pages: int) -> Dong:
    """What one copy costs: 2,000 đồng a page for the first two, 1,000 from the third on, 200,000
    at most.
    """
    return min(2_000 * min(pages, 2) + 1_000 * max(pages - 2, 0), 200_000)


def vietnam_day(at: datetime) -> date:
    """The day that it is in Vietnam; its year is the year of the register's book."""
    return at.astimezone(VIETNAM).date()


def reaches(level: SignatureLevel, wanted: SignatureLevel) -> bool:
    """Whether a level is the wanted one or a higher one."""
    return _LEVELS.index(level) >= _LEVELS.index(wanted)


def pause(attempts: int) -> timedelta:
    """The wait after so many attempts that were hindered: doubling, a minute at most."""
    return timedelta(seconds=min(60, 2 ** min(attempts - 1, 16)))
