from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.catalogue import load_catalogue
from intake.fees import Charge, assess, claim_errors, obligations
from intake.procedures import Procedure
from intake.tariff import Amount
from motcua_contracts.types import Channel, ObligationKind

TODAY = date(2026, 11, 25)
CATALOGUE = load_catalogue()
JUDICIAL = CATALOGUE.in_force("2.000488", on=TODAY)
COMPANY = CATALOGUE.in_force("2.001583", on=TODAY)
DUE = datetime(2026, 12, 2, 10, tzinfo=UTC)


def ids() -> str:
    return "01936d0e-0000-7000-8000-000000000001"


def test_a_judicial_record_costs_its_tariff() -> None:
    [charge] = assess(JUDICIAL, on=TODAY, channel=Channel.ONLINE)
    assert charge == Charge("phi-lltp", ObligationKind.CHARGE, 200_000, 200_000)


def test_a_company_registered_online_pays_nothing_on_a_named_ground() -> None:
    [charge] = assess(COMPANY, on=TODAY, channel=Channel.ONLINE)
    assert (charge.amount, charge.exemption_ground) == (0, "TT 47/2019/TT-BTC, Điều 5")
    assert obligations([charge], due_at=DUE, new_id=ids) == ()


def test_the_same_company_at_the_counter_pays_the_fee() -> None:
    charges = assess(COMPANY, on=TODAY, channel=Channel.IN_PERSON)
    [due] = obligations(charges, due_at=DUE, new_id=ids)
    assert (due.kind, due.amount, due.due_at) == (ObligationKind.FEE, 50_000, DUE)


def test_a_student_with_a_card_pays_half() -> None:
    [charge] = assess(
        JUDICIAL,
        on=TODAY,
        channel=Channel.ONLINE,
        claimed=["hoc-sinh-sinh-vien"],
    )
    assert (charge.tariff, charge.amount) == (200_000, 100_000)
    assert charge.fee_line.amount == 100_000


def test_of_two_claims_the_better_one_counts() -> None:
    [charge] = assess(
        JUDICIAL,
        on=TODAY,
        channel=Channel.ONLINE,
        claimed=["hoc-sinh-sinh-vien", "ho-ngheo"],
    )
    assert (charge.amount, charge.exemption_ground) == (0, "TT 244/2016/TT-BTC, Điều 5")


@pytest.mark.parametrize(
    ("procedure", "claimed", "message"),
    [
        (JUDICIAL, ["hoc-sinh-sinh-vien"], "cần nộp kèm Thẻ học sinh hoặc thẻ sinh viên"),
        (JUDICIAL, ["nguoi-quen"], "các diện có thể chọn: hoc-sinh-sinh-vien, nguoi-co-cong"),
        (COMPANY, ["nop-truc-tuyen"], "Thủ tục không có diện miễn, giảm này"),
    ],
)
def test_a_claim_without_proof_or_ground_is_refused_by_its_place(
    procedure: Procedure, claimed: list[str], message: str
) -> None:
    [error] = claim_errors(procedure, claimed, papers=["identity-card"])
    assert error["field"] == "exemptions.0"
    assert message in error["vi"]


def test_a_claim_with_its_proof_is_in_order() -> None:
    assert not [*claim_errors(JUDICIAL, ["ho-ngheo"], papers=["poor-household-certificate"])]


def test_what_holds_by_channel_cannot_be_claimed_elsewhere() -> None:
    [charge] = assess(COMPANY, on=TODAY, channel=Channel.POST, claimed=["nop-truc-tuyen"])
    assert charge.amount == 50_000


def test_the_amount_of_the_day_of_filing_counts() -> None:
    tariff = JUDICIAL.fees[0].model_copy(
        update={
            "amounts": (
                Amount(since=date(2017, 1, 1), amount=200_000),
                Amount(since=date(2027, 1, 1), amount=250_000),
            )
        }
    )
    days = (date(2016, 12, 31), date(2026, 12, 31), date(2027, 1, 1))
    assert [tariff.amount(day) for day in days] == [0, 200_000, 250_000]


@settings(deadline=None)
@given(
    st.sampled_from([JUDICIAL, COMPANY]),
    st.sampled_from(Channel),
    st.sets(st.sampled_from([rule.code for rule in JUDICIAL.exemptions])),
    st.dates(date(2017, 1, 1), date(2030, 1, 1)),
)
def test_nobody_pays_more_than_the_tariff_and_whoever_pays_less_has_a_ground(
    procedure: Procedure, channel: Channel, claimed: set[str], day: date
) -> None:
    claims = claimed if procedure is JUDICIAL else set[str]()
    for charge in assess(procedure, on=day, channel=channel, claimed=claims):
        assert 0 <= charge.amount <= charge.tariff
        assert (charge.amount < charge.tariff) == (charge.exemption_ground is not None)
