"""The gateway's word fifty times at once is one payment."""

from typing import Any

import httpx2

from motcua_local.demo.people import http
from motcua_local.demo.story import Story
from motcua_local.stack import Stack
from tests.endings import endings_of
from tests.storytelling import told_at_once

COPIES = 50


def test_the_same_ipn_fifty_times_at_once_is_one_payment_and_one_receipt(
    stack: Stack, endpoints: dict[str, Any], undisturbed: dict[str, Story]
) -> None:
    gateway = endpoints["gateways"]["vnpay"]["url"]
    fault = [{"kind": "duplicate", "copies": COPIES}]
    http().put(f"{gateway}/_faults", json=fault).raise_for_status()
    with told_at_once(stack, "a") as telling:
        [story] = telling.all_ended_well()
    [ending, expected] = endings_of([story, undisturbed["a"]], endpoints)
    assert ending == expected
    assert _answers(gateway, story) == {"00": 1, "02": COPIES - 1}


def _answers(gateway: str, story: Story) -> dict[str, int]:
    """How often the gateway was told what: 00 is taken note of, 02 known already."""
    [link] = [step.link for step in story.steps if step.link and "vnp_TxnRef" in step.link]
    reference = httpx2.URL(link).params["vnp_TxnRef"]
    told = http().get(f"{gateway}/_ledger", params={"kind": "ipn-answered"}).json()
    codes = [entry["rspCode"] for entry in told if entry["txnRef"] == reference]
    return {code: codes.count(code) for code in sorted(set(codes))}
