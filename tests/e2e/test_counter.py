"""Somebody without an account stands at the counter: an officer files, pays and receives there."""

import json
from typing import Any
from uuid import UUID, uuid4

from motcua_contracts.dossier import DossierRegistered
from tests.applicants import Applicant, Doors
from tests.endings import once_each
from tests.outside_reader import read_all

REGISTERED, RECEIVED, COMPLETED = 1, 2, 9


def test_a_certificate_is_asked_for_paid_and_decided_without_an_account(
    endpoints: dict[str, Any],
) -> None:
    doors = Doors(endpoints)
    counter = Applicant(doors, doors.officer)
    filing = counter.certificate() | {"channel": "in-person"}
    url = f"{doors.intake}/v1/counter/dossiers"
    dossier = doors.officer.post(url, filing, key=str(uuid4()))["dossierId"]

    counter.pay(dossier)
    counter.wait_for_status(dossier, REGISTERED)
    assert counter.received(dossier)["status"] == RECEIVED
    counter.wait_for_status(dossier, COMPLETED)

    [order] = counter.orders(dossier)
    assert (order["state"], len(order["receipts"])) == ("paid", 1)
    told = [r for r in once_each(read_all(endpoints["kafka"])) if r.key == dossier.encode()]
    [said] = [r for r in told if r.header("ce_type") == DossierRegistered.type]
    registered = json.loads(said.value or b"")
    assert registered["channel"] == "in-person"
    assert str(UUID(registered["applicantId"])) == registered["applicantId"]
