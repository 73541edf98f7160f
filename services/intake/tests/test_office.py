"""What the one-stop office does with a dossier, and the applicant who takes it back."""

from datetime import timedelta

import pytest

from chassis.access import Role

from .scene import (
    BINH,
    DAO,
    JUSTICE,
    JUSTICE_OFFICER,
    LAN,
    OFFICER_ELSEWHERE,
    Json,
    Person,
    Scene,
    approved,
)

COMMANDS = {
    "receive": {},
    "refuse": {"reasonCode": "wrong-agency"},
    "stop": {"reasonCode": "papers-incomplete"},
    "supplement-requests": {"reasonCode": "identity-unclear", "papersWanted": ["identity-card"]},
    "return": {"how": "counter"},
    "withdraw": {"reasonCode": "applicant-request"},
}


async def test_a_received_dossier_is_due_ten_working_days_later(scene: Scene):
    dossier = await scene.paid()
    answer = await scene.act(LAN, dossier, "receive", unit="records-office")
    assert answer.json() == {
        "dossierId": dossier,
        "code": "H42.10-20261125-0000001",
        "status": 2,
        "dueAt": "2026-12-09T10:00:00Z",
    }
    fact = await scene.fact(dossier, "received")
    assert (fact["receivedAt"], fact["dueAt"]) == ("2026-11-25T02:00:00Z", "2026-12-09T10:00:00Z")
    assert (fact["unit"], fact["agency"]) == ("records-office", JUSTICE)


async def test_receiving_needs_no_body(scene: Scene):
    dossier = await scene.paid()
    headers = scene.headers(LAN, **{"Idempotency-Key": "1"})
    answer = await scene.http.post(f"/v1/dossiers/{dossier}/receive", headers=headers)
    assert answer.json()["status"] == 2


@pytest.mark.parametrize(
    ("person", "command", "fact"),
    [
        (LAN, "receive", "received"),
        (LAN, "refuse", "refused"),
        (LAN, "supplement-requests", "supplement-requested"),
        (DAO, "withdraw", "withdrawn"),
    ],
)
async def test_a_command_whose_answer_was_lost_is_answered_again_and_done_once(
    scene: Scene, person: Person, command: str, fact: str
):
    dossier, key = await scene.paid(), "1"
    path, body = f"/v1/dossiers/{dossier}/{command}", COMMANDS[command]
    first = await scene.post(person, path, body, key=key)
    again = await scene.post(person, path, body, key=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await scene.announced(dossier)).count(fact) == 1


async def test_a_command_needs_an_idempotency_key(scene: Scene):
    dossier = await scene.paid()
    answer = await scene.http.post(f"/v1/dossiers/{dossier}/receive", headers=scene.headers(LAN))
    assert answer.status_code == 400
    assert answer.json()["type"].endswith("/idempotency-key-invalid")


async def test_what_is_received_on_a_friday_evening_counts_from_monday(scene: Scene):
    dossier = await scene.paid()
    scene.clock.pass_by(timedelta(days=2, hours=10))  # Friday, seven in the evening in Vietnam
    answer = await scene.act(LAN, dossier, "receive")
    assert answer.json()["dueAt"] == "2026-12-14T10:00:00Z"


async def test_a_refusal_names_reason_and_legal_ground(scene: Scene):
    dossier = await scene.paid()
    assert (await scene.act(LAN, dossier, "refuse", reasonCode="wrong-agency")).json()[
        "status"
    ] == 3
    fact = await scene.fact(dossier, "refused")
    assert fact["reasonCode"] == "wrong-agency"
    assert fact["legalGround"] == "Luật Lý lịch tư pháp 2009, Điều 44"


async def test_a_received_dossier_can_be_stopped(scene: Scene):
    dossier = await scene.received()
    answer = await scene.act(LAN, dossier, "stop", reasonCode="papers-incomplete")
    assert answer.json()["status"] == 8
    fact = await scene.fact(dossier, "stopped")
    assert fact["legalGround"] == "Luật Lý lịch tư pháp 2009, Điều 49"


async def test_a_decided_dossier_is_returned(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, approved(dossier, await scene.result()))
    answer = await scene.act(LAN, dossier, "return", how="post")
    assert answer.json()["status"] == 10
    assert (await scene.fact(dossier, "returned"))["how"] == "post"


@pytest.mark.parametrize("place", ["paid", "received"])
async def test_the_applicant_takes_a_dossier_back(scene: Scene, place: str):
    dossier = await (scene.paid() if place == "paid" else scene.received())
    answer = await scene.act(DAO, dossier, "withdraw", reasonCode="applicant-request")
    assert answer.json()["status"] == 7
    assert (await scene.fact(dossier, "withdrawn"))["reasonCode"] == "applicant-request"


async def test_an_unpaid_dossier_is_not_received_and_what_is_possible_is_told(scene: Scene):
    dossier = await scene.filed()
    answer = await scene.act(LAN, dossier, "receive")
    assert answer.status_code == 409
    said = answer.json()
    assert said["type"].endswith("/illegal-transition")
    assert (said["from"], said["to"], said["allowed"]) == (6, 2, [1, 4, 7, 8, 9])
    assert said["detailVi"].startswith("Hồ sơ đang ở trạng thái 6")
    assert await scene.status(dossier) == 6


@pytest.mark.parametrize("command", ["receive", "refuse", "stop", "return"])
async def test_nothing_more_happens_to_a_withdrawn_dossier(scene: Scene, command: str):
    dossier = await scene.paid()
    await scene.act(DAO, dossier, "withdraw", reasonCode="applicant-request")
    answer = await scene.act(LAN, dossier, command, **COMMANDS[command])
    assert answer.status_code == 409
    assert answer.json()["allowed"] == []
    assert (await scene.announced(dossier))[-1] == "withdrawn"


async def test_a_result_is_not_returned_before_it_is_there(scene: Scene):
    dossier = await scene.received()
    answer = await scene.act(LAN, dossier, "return")
    assert (answer.status_code, answer.json()["to"]) == (409, 10)


@pytest.mark.parametrize(
    ("person", "command", "allowed"),
    [
        (LAN, "refuse", ["wrong-agency", "not-entitled", "papers-incomplete"]),
        (DAO, "withdraw", ["applicant-request"]),
    ],
)
async def test_a_reason_that_the_procedure_has_not_is_refused_with_those_it_has(
    scene: Scene, person: Person, command: str, allowed: list[str]
):
    dossier = await scene.paid()
    answer = await scene.act(person, dossier, command, reasonCode="bad-mood")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/unknown-reason")
    assert answer.json()["allowed"] == allowed


@pytest.mark.parametrize(
    "body", [{}, {"reasonCode": "Vì tôi muốn"}, {"reasonCode": ["wrong-agency"]}]
)
async def test_a_malformed_command_is_told_by_field(scene: Scene, body: Json):
    answer = await scene.act(LAN, await scene.paid(), "refuse", **body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "reasonCode"


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "withdraw"])
@pytest.mark.parametrize(
    ("person", "status", "problem"),
    [
        (OFFICER_ELSEWHERE, 404, "unknown-dossier"),
        (JUSTICE_OFFICER, 403, "another-office"),
        (DAO, 403, "forbidden"),
        (None, 401, "unauthorized"),
    ],
)
async def test_only_the_office_that_took_a_dossier_in_acts_on_it(
    scene: Scene, command: str, person: Person | None, status: int, problem: str
):
    dossier = await scene.filed()
    answer = await scene.post(person, f"/v1/dossiers/{dossier}/{command}", COMMANDS[command])
    assert answer.status_code == status
    assert answer.json()["type"].endswith(f"/{problem}")
    assert await scene.status(dossier) == 6


@pytest.mark.parametrize(
    ("person", "status", "problem"),
    [
        (BINH, 404, "unknown-dossier"),
        (LAN, 403, "not-the-applicant"),
        (OFFICER_ELSEWHERE, 404, "unknown-dossier"),
        (None, 401, "unauthorized"),
    ],
)
async def test_only_the_applicant_takes_a_dossier_back(
    scene: Scene, person: Person | None, status: int, problem: str
):
    dossier = await scene.filed()
    path = f"/v1/dossiers/{dossier}/withdraw"
    answer = await scene.post(person, path, {"reasonCode": "applicant-request"})
    assert answer.status_code == status
    assert answer.json()["type"].endswith(f"/{problem}")
    assert await scene.status(dossier) == 6


async def test_an_officer_who_is_a_citizen_too_acts_for_no_applicant(scene: Scene):
    dossier = await scene.filed()
    both = Person(LAN.subject, Role.OFFICER, LAN.agency, also=(Role.CITIZEN,))
    answer = await scene.act(both, dossier, "withdraw", reasonCode="applicant-request")
    assert answer.status_code == 403
    assert answer.json()["type"].endswith("/not-the-applicant")
