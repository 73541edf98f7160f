"""How the merchant is told, and in which ways that goes wrong."""

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from simulators.running import RunningSimulator

from .conftest import CONFIRMED, Answer, Merchant, http

EVERY_FIELD = {
    *("Amount", "BankCode", "BankTranNo", "CardType", "OrderInfo", "PayDate", "ResponseCode"),
    *("TmnCode", "TransactionNo", "TransactionStatus", "TxnRef", "SecureHash"),
}

Start = Callable[..., RunningSimulator]


def misbehave(gateway: RunningSimulator, *faults: dict[str, object]) -> None:
    http.put(f"{gateway.url}/_faults", json=list(faults)).raise_for_status()


def rsp(code: str) -> Answer:
    return 200, f'{{"RspCode": "{code}", "Message": "…"}}', 0


def test_the_merchant_is_told_once_when_it_confirms(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    merchant.pay(gateway)

    merchant.wait(lambda: "ipn-confirmed" in merchant.kinds(gateway), "the confirmation")
    [ipn] = merchant.ipns
    fields = dict(ipn)
    assert fields.pop("channel") == "test", "the URL's own query stays"
    assert merchant.is_genuine([*fields.items()])
    assert (fields["vnp_ResponseCode"], fields["vnp_TransactionStatus"]) == ("00", "00")
    assert {name.removeprefix("vnp_") for name in fields} == EVERY_FIELD


def test_already_confirmed_ends_the_retries_too(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    merchant.answers.extend([rsp("01"), rsp("04"), rsp("02")])

    merchant.pay(gateway)

    merchant.wait(lambda: "ipn-confirmed" in merchant.kinds(gateway), "the confirmation")
    assert len(merchant.ipns) == 3


@pytest.mark.parametrize(
    "trouble",
    [rsp("97"), rsp("99"), (500, "", 0), (200, "not json", 0), (302, "", 0), (200, "{}", 2)],
    ids=["97", "99", "500", "no JSON", "redirect", "time-out"],
)
def test_an_answer_that_confirms_nothing_is_tried_again(
    merchant: Merchant, gateway: RunningSimulator, trouble: Answer
) -> None:
    merchant.answers.append(trouble)

    merchant.pay(gateway)

    merchant.wait(lambda: len(merchant.ipns) == 2, "the second attempt")
    assert merchant.ipns[0] == merchant.ipns[1]


def test_after_the_last_attempt_it_gives_up(merchant: Merchant, gateway: RunningSimulator) -> None:
    merchant.always = rsp("99")

    merchant.pay(gateway)

    merchant.wait(lambda: "ipn-abandoned" in merchant.kinds(gateway), "the end of the attempts")
    assert len(merchant.ipns) == 4


def test_a_restarted_gateway_goes_on_telling(merchant: Merchant, start_gateway: Start) -> None:
    merchant.always = rsp("99")
    gateway = start_gateway("--ipn-attempts", "1000000")
    merchant.pay(gateway)
    merchant.wait(lambda: len(merchant.ipns) > 0, "the first attempt")
    gateway.kill()

    merchant.always = CONFIRMED
    again = start_gateway()

    merchant.wait(lambda: "ipn-confirmed" in merchant.kinds(again), "the confirmation")
    assert merchant.kinds(again).count("charged") == 1


def test_killed_between_the_charge_and_the_plan_it_still_tells(
    merchant: Merchant, start_gateway: Start, tmp_path: Path
) -> None:
    gateway = start_gateway()
    misbehave(gateway, {"kind": "delay", "seconds": 600})
    merchant.pay(gateway)
    gateway.kill()
    ledger_file = tmp_path / "vnpay.jsonl"
    lines = ledger_file.read_bytes().splitlines(keepends=True)
    upto = next(n for n, line in enumerate(lines) if b'"kind": "charged"' in line)
    ledger_file.write_bytes(b"".join(lines[: upto + 1]))

    start_gateway()

    merchant.wait(lambda: len(merchant.ipns) == 1, "the IPN")


def test_a_dropped_ipn_leaves_only_the_query(merchant: Merchant, gateway: RunningSimulator) -> None:
    misbehave(gateway, {"kind": "drop"})

    merchant.pay(gateway)

    assert "ipn-dropped" in merchant.kinds(gateway)
    assert merchant.ipns == []
    assert merchant.querydr(gateway)["vnp_TransactionStatus"] == "00"


def test_a_delayed_ipn_comes_after_the_redirect_even_over_a_restart(
    merchant: Merchant, start_gateway: Start
) -> None:
    gateway = start_gateway()
    misbehave(gateway, {"kind": "delay", "seconds": 2})
    merchant.pay(gateway)
    assert merchant.ipns == []
    gateway.kill()

    start_gateway()

    merchant.wait(lambda: len(merchant.ipns) == 1, "the late IPN")


def test_an_ipn_can_arrive_before_the_payer_returns(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    misbehave(gateway, {"kind": "ipn-first"})
    merchant.answers.append((200, '{"RspCode":"00"}', 0.3))

    merchant.pay(gateway)

    assert len(merchant.ipns) == 1


def test_a_duplicated_ipn_comes_many_times_at_once(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    misbehave(gateway, {"kind": "duplicate", "copies": 50})

    merchant.pay(gateway)

    merchant.wait(lambda: len(merchant.ipns) == 50, "fifty IPNs")
    assert all(ipn == merchant.ipns[0] for ipn in merchant.ipns)


@pytest.mark.parametrize(
    ("kind", "genuine"),
    [
        ("wrong-amount", True),
        ("wrong-terminal", True),
        ("unknown-order", True),
        ("bad-signature", False),
        ("cut-signature", False),
        ("no-signature", False),
        ("repeated-parameter", False),
    ],
)
def test_a_spoiled_ipn_is_followed_by_a_right_one(
    merchant: Merchant, gateway: RunningSimulator, kind: str, genuine: bool
) -> None:
    misbehave(gateway, {"kind": kind})
    merchant.answers.append(rsp("97"))

    merchant.pay(gateway)

    merchant.wait(lambda: len(merchant.ipns) == 2, "the second attempt")
    spoiled, right = merchant.ipns
    assert merchant.is_genuine([p for p in spoiled if p[0] != "channel"]) == genuine
    assert merchant.is_genuine([p for p in right if p[0] != "channel"])
    assert spoiled != right


def test_an_ipn_on_demand_can_be_repeated_and_changed(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    merchant.pay(gateway)
    merchant.wait(lambda: "ipn-confirmed" in merchant.kinds(gateway), "the confirmation")

    wish = {
        "txnRef": merchant.txn_ref,
        "copies": 20,
        "parameters": {"vnp_Amount": "1", "vnp_PayDate": None},
    }
    answers = http.post(f"{gateway.url}/_ipn", json=wish).raise_for_status().json()

    assert [answer["rspCode"] for answer in answers] == ["00"] * 20
    changed = dict(merchant.ipns[-1])
    assert changed["vnp_Amount"] == "1"
    assert "vnp_PayDate" not in changed
    missing = http.post(f"{gateway.url}/_ipn", json={"txnRef": "HS9999x"})
    assert missing.status_code == 404


def test_charged_but_the_payer_never_hears_of_it(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    misbehave(
        gateway,
        {"kind": "charge-then-timeout", "target": f"{merchant.txn_ref}a", "seconds": 0.2},
        {"kind": "charge-then-500", "target": f"{merchant.txn_ref}b"},
    )

    with pytest.raises(httpx2.RemoteProtocolError):
        merchant.pay(gateway, "a")
    assert merchant.pay(gateway, "b").status_code == 500

    assert merchant.kinds(gateway).count("charged") == 2
    merchant.wait(lambda: len(merchant.ipns) == 2, "both IPNs")


def test_a_bank_that_answers_late_charges_after_the_gateway_was_killed(
    merchant: Merchant, start_gateway: Start
) -> None:
    gateway = start_gateway()
    misbehave(gateway, {"kind": "charge-late", "seconds": 3})
    assert merchant.pay(gateway).status_code == 202
    assert merchant.querydr(gateway)["vnp_TransactionStatus"] == "01"
    gateway.kill()

    again = start_gateway()

    merchant.wait(
        lambda: merchant.querydr(again)["vnp_TransactionStatus"] == "00", "the late charge"
    )
    merchant.wait(lambda: len(merchant.ipns) == 1, "its IPN")


def test_the_list_of_payments_tells_how_each_ended(
    merchant: Merchant, gateway: RunningSimulator
) -> None:
    merchant.pay(gateway, "a")
    merchant.pay(gateway, "b", decision="funds")

    page = http.get(gateway.url).text

    assert "Giao dịch thành công" in page
    assert "Tài khoản không đủ số dư" in page
