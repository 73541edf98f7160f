"""Copies and their register: the states, the transition tables, and the rules. Pure.

NĐ 23/2015/NĐ-CP, NĐ 45/2020/NĐ-CP art. 10; fee: TT 226/2016/TT-BTC art. 4.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from chassis.errors import Conflict
from motcua_contracts.types import Dong

PROCEDURE = "2.000815"
"""Certified copies from originals (chứng thực bản sao từ bản chính)."""
FEE_CODE = "phi-chung-thuc-ban-sao"

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


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


class StepNotPossible(
    Conflict, vi="Bản sao không ở trạng thái cho phép việc này", en="Its state does not allow this"
):
    """`state` says where the copy stands."""


def step(state: CopyState, taken: CopyStep) -> CopyState:
    """The state after a step. Raises `StepNotPossible`."""
    try:
        return TRANSITIONS[state, taken]
    except KeyError:
        raise StepNotPossible(
            f"a copy that is {state} cannot {taken}", state=str(state), step=str(taken)
        ) from None


def fee(pages: int) -> Dong:
    """What one copy costs: 2,000 đồng a page for the first two, 1,000 from the third on, 200,000
    at most.
    """
    return min(2_000 * min(pages, 2) + 1_000 * max(pages - 2, 0), 200_000)


def book_year(now: datetime) -> int:
    """The year whose numbers are given out now: it changes at midnight in Vietnam."""
    return now.astimezone(VIETNAM).year


def pause(attempts: int) -> timedelta:
    """The wait after so many attempts that were hindered: doubling, a minute at most."""
    return timedelta(seconds=min(60, 2 ** min(attempts - 1, 16)))
