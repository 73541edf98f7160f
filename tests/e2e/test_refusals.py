"""Who is refused at which door, with tokens of the real identity provider."""

import json
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from motcua_local.demo.people import Person, http
from motcua_local.demo.stories import OFFICER
from tests.applicants import CITIZEN, Applicant, Doors, Json, minted

OPERATOR = "pham-van-hung"
JUSTICE, PLANNING = "agency-H42.10", "agency-H42.11"
SOMEBODY = "00000000-0000-7000-8000-000000000000"

# One door of each service, and who may pass it.
GUARDED = {
    "intake": ("/v1/dossiers", CITIZEN, HTTPStatus.OK),
    "payment": (f"/v1/orders/{SOMEBODY}", CITIZEN, HTTPStatus.NOT_FOUND),
    "notification": (f"/v1/messages?dossierId={SOMEBODY}", OPERATOR, HTTPStatus.OK),
}
WRONG_TOKENS: dict[str, Json] = {
    "expired": {"expiresIn": -3600},
    "of another issuer": {"claims": {"iss": "https://issuer.invalid"}},
    "for somebody else": {"claims": {"aud": "somebody-else"}},
    "without a subject": {"claims": {"sub": None}},
    "without an end": {"claims": {"exp": None}},
    "not signed": {"alg": "none"},
    "signed with the public key as a shared secret": {"alg": "HS256"},
    "of another algorithm under a known key id": {"alg": "RS256"},
    "signed with an unknown key": {"key": "unknown"},
    "an identity token": {"header": {"typ": "JWT"}},
}


@pytest.fixture(scope="module")
def doors(endpoints: dict[str, Any]) -> Doors:
    return Doors(endpoints)


@pytest.fixture(scope="module")
def applicant(doors: Doors) -> Applicant:
    return Applicant(doors, doors.citizen())


@pytest.fixture(scope="module")
def filed(applicant: Applicant) -> str:
    """A dossier that waits for its payment."""
    return applicant.file(applicant.certificate())["dossierId"]


@pytest.mark.parametrize("service", GUARDED)
@pytest.mark.parametrize("wrong", WRONG_TOKENS)
def test_a_token_is_not_believed_that_is(
    wrong: str, service: str, endpoints: dict[str, Any]
) -> None:
    path, person, _ = GUARDED[service]
    bearer = minted(endpoints, person=person, **WRONG_TOKENS[wrong])
    answer = _ask(bearer, "GET", f"{endpoints['services'][service]['url']}{path}")
    assert _slug(answer) == (HTTPStatus.UNAUTHORIZED, "unauthorized")
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("service", GUARDED)
def test_the_right_token_is_believed_and_none_is_not(
    service: str, endpoints: dict[str, Any]
) -> None:
    path, person, expected = GUARDED[service]
    url = f"{endpoints['services'][service]['url']}{path}"
    assert _ask(minted(endpoints, person=person), "GET", url).status_code == expected
    assert http().get(url).status_code == HTTPStatus.UNAUTHORIZED
    basic = http().get(url, headers={"Authorization": "Basic bmFtZTpzZWNyZXQ="})
    assert basic.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    ("who", "method", "path"),
    [
        ({"person": OFFICER}, "POST", "/v1/dossiers"),
        ({"client": JUSTICE}, "POST", "/v1/dossiers"),
        ({"person": OPERATOR}, "GET", "/v1/dossiers/{filed}"),
        ({"person": CITIZEN}, "POST", "/v1/dossiers/{filed}/receive"),
        ({"client": JUSTICE}, "POST", "/v1/dossiers/{filed}/receive"),
        ({"person": CITIZEN}, "POST", "/v1/dossiers/{filed}/decisions"),
        ({"person": CITIZEN}, "POST", "/v1/counter/dossiers"),
        ({"client": JUSTICE}, "POST", "/v1/dossiers/{filed}/withdraw"),
        ({"person": CITIZEN, "claims": {"roles": []}}, "GET", "/v1/dossiers/{filed}"),
        ({"person": CITIZEN, "claims": {"roles": "citizen"}}, "GET", "/v1/dossiers/{filed}"),
    ],
)
def test_a_role_does_only_what_is_its_own(
    who: Json, method: str, path: str, *, doors: Doors, filed: str
) -> None:
    url = doors.intake + path.format(filed=filed)
    answer = _ask(minted(doors.endpoints, **who), method, url)
    assert _slug(answer) == (HTTPStatus.FORBIDDEN, "forbidden")


def test_an_officer_withdraws_nothing_that_was_filed_online(doors: Doors, filed: str) -> None:
    url = f"{doors.intake}/v1/dossiers/{filed}/withdraw"
    answer = _ask(doors.officer, "POST", url, {"reasonCode": "applicant-request"})
    assert _slug(answer) == (HTTPStatus.FORBIDDEN, "not-the-applicant")


def test_citizens_read_no_messages_and_operators_no_orders(
    doors: Doors, endpoints: dict[str, Any]
) -> None:
    messages = f"{endpoints['services']['notification']['url']}/v1/messages?dossierId={SOMEBODY}"
    assert _ask(minted(endpoints, person=CITIZEN), "GET", messages).status_code == 403
    orders = f"{doors.payment}/v1/dossiers/{SOMEBODY}/orders"
    assert _ask(minted(endpoints, person=OPERATOR), "GET", orders).status_code == 403


@pytest.mark.parametrize(
    ("method", "door", "body"),
    [
        ("GET", "{intake}/v1/dossiers/{dossier}", None),
        ("GET", "{intake}/v1/dossiers/{dossier}/papers/{paper}", None),
        ("GET", "{intake}/v1/dossiers/{dossier}/results/{paper}", None),
        ("POST", "{intake}/v1/dossiers/{dossier}/withdraw", {"reasonCode": "applicant-request"}),
        ("POST", "{intake}/v1/dossiers/{dossier}/supplements", {"papers": ["{handed}"]}),
        ("GET", "{payment}/v1/dossiers/{dossier}/orders", None),
        ("GET", "{payment}/v1/orders/{order}", None),
        ("GET", "{payment}/v1/orders/{order}/receipt", None),
        ("POST", "{payment}/v1/orders/{order}/attempts", {"gateway": "vnpay"}),
    ],
)
def test_to_another_citizen_a_dossier_does_not_exist(
    method: str, door: str, body: Json | None, *, applicant: Applicant, filed: str
) -> None:
    doors = applicant.doors
    other = Applicant(doors, doors.citizen())
    url = door.format(
        intake=doors.intake,
        payment=doors.payment,
        dossier=filed,
        paper=applicant.read(filed)["papers"][0]["paperId"],
        order=applicant.order(filed)["orderId"],
    )
    if body and "papers" in body:
        body = {"papers": [other.upload("identity-card")]}
    answer = _ask(other.person, method, url, body)
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert filed not in answer.text


def test_another_citizens_file_cannot_be_handed_in(applicant: Applicant) -> None:
    other = Applicant(applicant.doors, applicant.doors.citizen())
    stolen = other.certificate() | {"papers": [applicant.upload("identity-card")]}
    answer = _ask(other.person, "POST", f"{applicant.doors.intake}/v1/dossiers", stolen)
    assert _slug(answer) == (HTTPStatus.UNPROCESSABLE_ENTITY, "unprocessable")
    assert answer.json()["errors"][0]["field"] == "papers.0.fileId"


def test_an_officer_of_another_office_does_not_see_it(doors: Doors, filed: str) -> None:
    officer = minted(doors.endpoints, person=OFFICER, claims={"agency": "H42.99"})
    answer = _ask(officer, "POST", f"{doors.intake}/v1/dossiers/{filed}/receive")
    assert _slug(answer) == (HTTPStatus.NOT_FOUND, "unknown-dossier")


def test_another_agency_cannot_decide_over_http(doors: Doors, filed: str) -> None:
    url = f"{doors.intake}/v1/dossiers/{filed}/decisions"
    body = {"type": "vn.motcua.agency.decided.v1", "data": _verdict(filed)}
    planning, justice = (minted(doors.endpoints, client=name) for name in (PLANNING, JUSTICE))
    assert _slug(_ask(planning, "POST", url, body)) == (HTTPStatus.NOT_FOUND, "unknown-dossier")
    # The competent one is told why not yet.
    assert _slug(_ask(justice, "POST", url, body)) == (HTTPStatus.CONFLICT, "not-yet-received")


def test_nothing_is_received_before_it_is_paid(doors: Doors, filed: str) -> None:
    answer = _ask(doors.officer, "POST", f"{doors.intake}/v1/dossiers/{filed}/receive")
    assert _slug(answer) == (HTTPStatus.CONFLICT, "illegal-transition")
    assert (answer.json()["from"], answer.json()["to"]) == (6, 2)


def test_a_repeated_command_is_answered_as_before_and_a_key_opens_nothing_else(
    applicant: Applicant,
) -> None:
    url, key = f"{applicant.doors.intake}/v1/dossiers", str(uuid4())
    filing = applicant.certificate()
    answers = [_ask(applicant.person, "POST", url, filing, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    other = _ask(applicant.person, "POST", url, filing | {"exemptions": []}, key=key)
    assert _slug(other) == (HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused")


def test_an_officers_repeated_command_is_no_second_one(applicant: Applicant) -> None:
    doors = applicant.doors
    dossier = applicant.file(applicant.certificate())["dossierId"]
    applicant.pay(dossier)
    applicant.wait_for_status(dossier, 1)
    url, key = f"{doors.intake}/v1/dossiers/{dossier}/receive", str(uuid4())
    answers = [_ask(doors.officer, "POST", url, key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert _ask(doors.officer, "POST", url).status_code == HTTPStatus.CONFLICT


def _verdict(dossier_id: str) -> Json:
    return {
        "dossierId": dossier_id,
        "agencyReference": "1/2026",
        "outcome": "refused",
        "resultPapers": [],
        "reasonCode": "not-entitled",
        "legalGround": "Luật Lý lịch tư pháp 2009, Điều 49",
    }


def _ask(
    person: Person, method: str, url: str, body: Json | None = None, *, key: str | None = None
) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {person.token}", "Idempotency-Key": key or str(uuid4())}
    content = json.dumps(body or {}).encode() if method == "POST" else None
    return http().request(
        method, url, headers=headers | {"Content-Type": "application/json"}, content=content
    )


def _slug(answer: httpx2.Response) -> tuple[int, str]:
    """Status and kind of a problem (RFC 9457), which is there in both languages."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["title"]
    assert problem["detailVi"]
    return answer.status_code, problem["type"].rpartition("/")[2]
