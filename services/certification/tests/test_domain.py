"""The rules: every cell of the transition table, the fee, the book's year, the pauses."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from certification.domain import (
    LIVE,
    TRANSITIONS,
    UNFINISHED,
    CopyState,
    CopyStep,
    DossierState,
    fee,
    is_certification,
    may_be_ready,
    pause,
    reaches,
    require_approvable,
    require_open,
    step,
    vietnam_day,
)
from certification.refusals import ClerkIsSigner, DossierOver, PaymentAwaited, StepNotPossible
from motcua_contracts.types import SignatureLevel

# What each step makes of each state; where nothing stands, it is refused.
TABLE = {
    CopyState.REQUESTED: {CopyStep.RECEIVE: "ready", CopyStep.REFUSE: "refused"},
    CopyState.READY: {CopyStep.APPROVE: "signing", CopyStep.REFUSE: "refused"},
    CopyState.SIGNING: {CopyStep.CERTIFY: "certified", CopyStep.REFUSE: "refused"},
    CopyState.CERTIFIED: {CopyStep.REVOKE: "revoked", CopyStep.REPLACE: "replaced"},
    CopyState.REFUSED: {},
    CopyState.REVOKED: {},
    CopyState.REPLACED: {},
}


@dataclass
class ADossier:
    state: DossierState = DossierState.RECEIVED
    owes: bool = False


@dataclass
class ACopy:
    state: CopyState = CopyState.READY
    clerk: str = "officer-lan"


@pytest.mark.parametrize(("state", "taken"), list(product(CopyState, CopyStep)))
def test_a_copy_takes_the_steps_of_its_state_and_no_other(state: CopyState, taken: CopyStep):
    after = TABLE[state].get(taken)
    if after is None:
        with pytest.raises(StepNotPossible) as refused:
            step(state, taken)
        assert refused.value.members == {"state": state, "step": taken}
    else:
        assert step(state, taken) == after


def test_the_table_has_no_cell_beyond_these():
    assert sum(map(len, TABLE.values())) == len(TRANSITIONS)


def test_nothing_leads_out_of_an_end():
    ends = set(CopyState) - LIVE
    assert ends == {CopyState.REFUSED, CopyState.REVOKED, CopyState.REPLACED}
    assert not any(state in ends for state, _ in TRANSITIONS)
    assert UNFINISHED < LIVE


@pytest.mark.parametrize(
    ("pages", "amount"),
    [
        (1, 2_000),
        (2, 4_000),
        (3, 5_000),
        (4, 6_000),
        (197, 199_000),
        (198, 200_000),
        (199, 200_000),
        (500, 200_000),
        (10_000, 200_000),
    ],
)
def test_a_copy_costs_by_its_pages_and_no_more_than_the_law_takes(pages: int, amount: int):
    assert fee(pages) == amount


def test_no_page_more_makes_a_copy_cheaper():
    amounts = [fee(pages) for pages in range(1, 400)]
    assert amounts == sorted(amounts)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC), date(2026, 12, 31)),  # 23:59:59 there
        (datetime(2026, 12, 31, 17, 0, 0, tzinfo=UTC), date(2027, 1, 1)),  # 00:00:00 there
        (datetime(2027, 1, 1, 0, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_the_day_changes_at_midnight_in_vietnam(at: datetime, day: date):
    assert vietnam_day(at) == day


def test_pauses_grow_to_a_minute_and_no_further():
    seconds = [pause(attempts) / timedelta(seconds=1) for attempts in range(1, 10)]
    assert seconds == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert pause(10_000) == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("2.000815", True),
        ("2.000815.000.00.00.H42", True),
        ("2.000815.01", True),
        ("2.000816", False),
        ("2.000488", False),
    ],
)
def test_a_dossier_is_ours_by_its_procedure(code: str, ours: bool):
    assert is_certification(code) is ours


@pytest.mark.parametrize(("state", "owes"), list(product(DossierState, (False, True))))
def test_the_signers_turn_comes_when_the_dossier_is_received_and_paid(
    state: DossierState, owes: bool
):
    in_order = state is DossierState.RECEIVED and not owes
    assert may_be_ready(ADossier(state, owes)) is in_order


@pytest.mark.parametrize("state", DossierState)
def test_a_first_copy_is_asked_for_in_an_open_dossier_only(state: DossierState):
    if state in (DossierState.OPEN, DossierState.RECEIVED):
        require_open(ADossier(state))
    else:
        with pytest.raises(DossierOver):
            require_open(ADossier(state))


def approvable(
    copy: ACopy | None = None,
    dossier: ADossier | None = None,
    *,
    signer: str = "signer-minh",
    clerk_may_sign: bool = False,
) -> None:
    require_approvable(
        copy or ACopy(), dossier or ADossier(), signer=signer, clerk_may_sign=clerk_may_sign
    )


def test_a_copy_is_approved_when_everything_is_in_order():
    approvable()
    approvable(dossier=ADossier(DossierState.COMPLETED))
    approvable(signer="officer-lan", clerk_may_sign=True)


def test_a_copy_is_not_approved_otherwise():
    with pytest.raises(StepNotPossible):
        approvable(ACopy(CopyState.REQUESTED))
    with pytest.raises(DossierOver):
        approvable(dossier=ADossier(DossierState.ENDED))
    for dossier in (ADossier(DossierState.OPEN), ADossier(owes=True)):
        with pytest.raises(PaymentAwaited):
            approvable(dossier=dossier)
    with pytest.raises(ClerkIsSigner):
        approvable(signer="officer-lan")


def test_a_level_reaches_itself_and_those_below():
    levels = (SignatureLevel.B_T, SignatureLevel.B_LT, SignatureLevel.B_LTA)
    reached = [[reaches(level, wanted) for wanted in levels] for level in levels]
    assert reached == [[True, False, False], [True, True, False], [True, True, True]]
