"""What nobody says anything about is told by the metrics of the running services all the same."""

from typing import Any

import pytest

from motcua_local.stack import Stack
from tests.applicants import Applicant, Doors
from tests.eventually import eventually
from tests.quiet import measured
from tests.resilience.test_duplicates import CONSUMERS

REGISTERED = 1
JUSTICE = "H42.10"


@pytest.fixture(scope="module")
def applicant(endpoints: dict[str, Any]) -> Applicant:
    doors = Doors(endpoints)
    return Applicant(doors, doors.citizen())


def test_every_consumer_is_measured_from_outside_its_group_with_the_rights_that_it_has(
    endpoints: dict[str, Any],
) -> None:
    def age(service: str, consumer: str) -> float:
        return measured(endpoints, service, "motcua_unconsumed_age_seconds", consumer=consumer)

    sweep = {"sweep": "measure what is unconsumed"}
    for service, consumers in CONSUMERS.items():
        ran = "motcua_sweep_last_success_timestamp_seconds"
        eventually(lambda: measured(endpoints, service, ran, **sweep), what=f"{service} measured")  # noqa: B023 - asked at once
        for consumer in consumers:
            assert age(service, consumer) < 300


def test_an_agency_that_is_away_is_told_by_the_age_of_what_it_leaves_unanswered(
    applicant: Applicant, stack: Stack, endpoints: dict[str, Any]
) -> None:
    def unanswered() -> float:
        name = "motcua_intake_unanswered_dossiers"
        return measured(endpoints, "intake", name, agency=JUSTICE)

    def age() -> float:
        name = "motcua_intake_oldest_unanswered_seconds"
        return measured(endpoints, "intake", name, agency=JUSTICE)

    stack.down([f"agency-{JUSTICE}"])
    dossier = applicant.file(applicant.certificate())["dossierId"]
    applicant.pay(dossier)
    applicant.wait_for_status(dossier, REGISTERED)
    applicant.received(dossier)
    eventually(unanswered, what="an unanswered dossier")
    before = age()
    eventually(lambda: age() > before, what="a growing age")
    stack.up([f"agency-{JUSTICE}"])
    eventually(lambda: not unanswered(), what="the agency's word")
