"""The competent agency's own system takes its part over HTTP: the same, answered at once."""

from typing import get_args
from uuid import uuid4

import pytest

from chassis.access import Role
from intake.api import Decided, ProcessingStarted, SupplementRequested
from motcua_contracts.agency import AgencyEvent

from .scene import (
    DAO,
    JUSTICE,
    JUSTICE_SYSTEM,
    LAN,
    PLANNING_SYSTEM,
    Json,
    Person,
    Scene,
    approved,
    denied,
    said,
    started,
    wants,
)

OFFICE_SYSTEM = Person("system-of-the-office", Role.AGENCY_SYSTEM, "H42.01")


async def test_a_dossier_is_taken_up_supplemented_and_decided_over_http(scene: Scene):
    dossier = await scene.received()
    taken = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(started(dossier)))
    assert (taken.status_code, taken.json()["status"]) == (200, 4)
    asked = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(wants(dossier)))
    assert asked.json()["status"] == 5
    await scene.act(DAO, dossier, "supplements", papers=[await scene.paper(DAO)])
    decision = approved(dossier, await scene.result())
    decided = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(decision))
    assert decided.json()["status"] == 9
    assert (await scene.announced(dossier))[-1] == "completed"


async def test_a_decision_sent_again_or_over_kafka_too_is_the_same_decision(scene: Scene):
    dossier = await scene.received()
    decision = approved(dossier, await scene.result())
    for _ in range(2):
        answer = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(decision))
        assert (answer.status_code, answer.json()["status"]) == (200, 9)
    await scene.say(JUSTICE, decision)
    assert (await scene.announced(dossier)).count("completed") == 1


async def test_another_decision_is_refused(scene: Scene):
    dossier = await scene.received()
    await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(denied(dossier)))
    other = approved(dossier, await scene.result())
    answer = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(other))
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/already-decided")


async def test_who_comes_too_early_is_told_to_wait(scene: Scene):
    dossier = await scene.paid()
    answer = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(denied(dossier)))
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/not-yet-received")
    assert "wait for its received event" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("person", "status", "problem"),
    [
        (PLANNING_SYSTEM, 404, "unknown-dossier"),
        (OFFICE_SYSTEM, 403, "another-agency"),
        (LAN, 403, "forbidden"),
        (DAO, 403, "forbidden"),
        (None, 401, "unauthorized"),
    ],
)
async def test_only_the_competent_agency_decides(
    scene: Scene, person: Person | None, status: int, problem: str
):
    dossier = await scene.received()
    path = f"/v1/dossiers/{dossier}/decisions"
    answer = await scene.post(person, path, said(denied(dossier)))
    assert answer.status_code == status
    assert answer.json()["type"].endswith(f"/{problem}")
    assert await scene.status(dossier) == 2


async def test_a_result_with_another_digest_is_refused(scene: Scene):
    dossier = await scene.received()
    decision = approved(dossier, await scene.result(sha256="0" * 64))
    answer = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(decision))
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/unknown-file")


async def test_a_result_of_another_kind_is_told_by_its_place(scene: Scene):
    dossier = await scene.received()
    decision = approved(dossier, await scene.result(kind="horoscope"))
    answer = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(decision))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "resultPapers.0.kind"


async def test_the_decision_is_about_the_dossier_in_the_path(scene: Scene):
    dossier = await scene.received()
    answer = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **said(denied(str(uuid4()))))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "data.dossierId"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "vn.motcua.agency.forwarded.v1", "data": {}},
        {"type": "vn.motcua.agency.decided.v1", "data": {"outcome": "maybe"}},
    ],
)
async def test_what_is_no_decision_is_told_what_is_wrong(scene: Scene, body: Json):
    dossier = await scene.received()
    answer = await scene.act(JUSTICE_SYSTEM, dossier, "decisions", **body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


@pytest.mark.parametrize("body", [ProcessingStarted, SupplementRequested, Decided])
def test_a_body_has_the_type_of_its_event(
    body: type[ProcessingStarted | SupplementRequested | Decided],
):
    [named] = get_args(body.model_fields["type"].annotation)
    event = body.model_fields["data"].annotation
    assert isinstance(event, type)
    assert issubclass(event, AgencyEvent)
    assert event.type == named
