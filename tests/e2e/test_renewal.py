"""An order runs out unpaid, comes anew when its owner asks, and its payment lets the dossier go on.

The end of an order is the legal time to pay, whole days; no setting makes it shorter than minutes.
So its end is brought forward in payment's database. All that follows is the product's own.
"""

from typing import Any

import pytest

from motcua_local.databases import query
from tests.applicants import Applicant, Doors
from tests.endings import once_each
from tests.eventually import eventually
from tests.outside_reader import OutsideRecord, read_all

REGISTERED, RECEIVED, PAYMENT_REQUIRED, COMPLETED = 1, 2, 6, 9
_RUN_OUT = """
UPDATE orders SET expires_at = now() WHERE id = $1 AND state = 'open' AND expires_at > now()
RETURNING id
"""


@pytest.fixture(scope="module")
def applicant(endpoints: dict[str, Any]) -> Applicant:
    doors = Doors(endpoints)
    return Applicant(doors, doors.citizen())


def test_a_dossier_whose_order_ran_out_is_paid_with_a_new_one_and_received(
    applicant: Applicant, endpoints: dict[str, Any]
) -> None:
    dossier = applicant.file(applicant.certificate())["dossierId"]
    first = applicant.order(dossier)
    assert len(query(endpoints["postgres"]["payment"], _RUN_OUT, first["orderId"])) == 1
    eventually(lambda: _states(applicant, dossier) == ["expired"], what="the end of the order")
    assert applicant.read(dossier)["status"] == PAYMENT_REQUIRED

    renewed = applicant.ask_for_order(dossier)
    assert renewed["orderId"] != first["orderId"]
    assert (renewed["state"], renewed["amount"]) == ("open", first["amount"])
    applicant.pay(dossier)
    applicant.wait_for_status(dossier, REGISTERED)
    assert _states(applicant, dossier) == ["expired", "paid"]
    assert applicant.received(dossier)["status"] == RECEIVED

    # Only after it read on Kafka that the dossier was received does the agency decide.
    applicant.wait_for_status(dossier, COMPLETED)
    told = [r for r in once_each(read_all(endpoints["kafka"])) if r.key == dossier.encode()]
    assert _facts(told, "payment") == [
        "requested",
        "expired",
        "requested",
        "succeeded",
        "receipt-issued",
    ]
    to_the_desk = ["registered", "payment-required", "payment-settled", "received"]
    assert _facts(told, "dossier")[: len(to_the_desk)] == to_the_desk


def _states(applicant: Applicant, dossier_id: str) -> list[str]:
    """Of the dossier's orders, oldest first."""
    return [order["state"] for order in applicant.orders(dossier_id)]


def _facts(told: list[OutsideRecord], kind: str) -> list[str]:
    types = [r.header("ce_type") for r in told if r.topic == f"motcua.{kind}.events.v1"]
    return [name.removeprefix(f"vn.motcua.{kind}.").removesuffix(".v1") for name in types]
