"""The citizens' stories from filing to the result, as `make demo` tells them."""

import json
from pathlib import Path
from typing import Any

import pytest

from motcua_local.demo.command import write_report
from motcua_local.demo.story import Story
from tests.endings import RETURNED, Ending, Order, endings_of

Stories = dict[str, Story]


@pytest.fixture(scope="module")
def told(undisturbed: Stories, endpoints: dict[str, Any]) -> dict[str, Ending]:
    return dict(zip(undisturbed, endings_of(undisturbed.values(), endpoints), strict=True))


def test_all_stories_pass(undisturbed: Stories) -> None:
    assert {key: story.failure for key, story in undisturbed.items()} == dict.fromkeys("acb")


def test_a_paid_certificate_is_returned_with_one_receipt(told: dict[str, Ending]) -> None:
    ending = told["a"]
    assert (ending.status, ending.outcome) == (RETURNED, "approved")
    assert ending.orders == [Order("paid", 200_000, receipts=1)]
    assert _short(ending.facts["motcua.dossier.events.v1"]) == [
        "dossier.registered",
        "dossier.payment-required",
        "dossier.payment-settled",
        "dossier.received",
        "dossier.processing-started",
        "dossier.completed",
        "dossier.returned",
    ]
    assert _short(ending.facts["motcua.payment.events.v1"]) == [
        "payment.requested",
        "payment.succeeded",
        "payment.receipt-issued",
    ]


def test_an_exempt_registration_is_returned_after_one_supplement(told: dict[str, Ending]) -> None:
    ending = told["b"]
    assert (ending.status, ending.outcome, ending.orders) == (RETURNED, "approved", [])
    assert _short(ending.facts["motcua.dossier.events.v1"]) == [
        "dossier.registered",
        "dossier.received",
        "dossier.processing-started",
        "dossier.supplement-requested",
        "dossier.supplemented",
        "dossier.completed",
        "dossier.returned",
    ]
    assert "motcua.payment.events.v1" not in ending.facts


def test_a_certified_copy_is_paid_signed_and_returned_by_itself(told: dict[str, Ending]) -> None:
    ending = told["c"]
    assert (ending.status, ending.outcome) == (RETURNED, "approved")
    assert ending.orders == [Order("paid", 5_000, receipts=1)]
    assert _short(ending.facts["motcua.dossier.events.v1"]) == [
        "dossier.registered",
        "dossier.payment-required",
        "dossier.payment-settled",
        "dossier.received",
        "dossier.processing-started",
        "dossier.completed",
        "dossier.returned",
    ]
    assert _short(ending.facts["motcua.certification.events.v1"]) == [
        "certification.copy-requested",
        "certification.copy-certified",
    ]


def test_each_fact_that_a_citizen_cares_about_is_one_mail(told: dict[str, Ending]) -> None:
    paid = ("registered", "payment-required", "receipt-issued", "received", "completed", "returned")
    assert told["a"].mails == told["c"].mails == dict.fromkeys(paid, 1)
    exempt = ("registered", "received", "supplement-requested", "supplemented", "completed")
    assert told["b"].mails == dict.fromkeys((*exempt, "returned"), 1)


def test_the_report_has_each_step_with_its_event_and_time(
    undisturbed: Stories, tmp_path: Path
) -> None:
    report = json.loads(write_report([*undisturbed.values()], tmp_path).read_text())
    for story in report["stories"]:
        assert story["passed"] is True
        assert story["dossierId"]
        assert story["code"].startswith("H42.")
        assert bool(story["checkUrl"]) is (story["story"] == "c")
        events = [step for step in story["steps"] if step["event"]]
        assert all(step["eventId"] and step["time"] for step in events)
        seen = {step["event"] for step in events}
        assert {"dossier.registered", "dossier.completed", "dossier.returned"} <= seen
        assert "notification.sent" in seen


def _short(types: Any) -> list[str]:
    return [name.removeprefix("vn.motcua.").removesuffix(".v1") for name in types]
