"""No personal data in events, tables, answers to strangers, metrics and logs: canaries are planted
and looked for.
"""

import logging as standard
import sys
from collections.abc import Iterator

import pytest
import structlog

from chassis import logging

from . import lives
from . import scene as scenery
from .samples import CONTACT, JUDICIAL_FORM
from .scene import BINH, DAO, JUSTICE, LAN, Scene, approved

FORM = JUDICIAL_FORM | {
    "fullName": "Canary Nguyễn",
    "otherName": "canary-other",
    "birthPlace": "canary-birthplace",
    "citizenId": "099099099099",
    "permanentAddress": "canary-address",
    "purpose": "canary-purpose",
}
CONTACTS = CONTACT | {
    "fullName": "Canary Nguyễn",
    "email": "canary@example.vn",
    "phone": "0999999990",
}
CANARIES = ("anary", "099099099099", "0999999990")


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Logs as the running service writes them."""
    excepthook, handlers = sys.excepthook, list(standard.root.handlers)
    before = structlog.get_config()
    logging.configure("intake", level="DEBUG")
    yield capsys
    structlog.configure(**before)
    sys.excepthook, standard.root.handlers[:] = excepthook, handlers


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenery, "JUDICIAL_FORM", FORM)
    monkeypatch.setattr(scenery, "CONTACT", CONTACTS)


def found(text: str) -> list[str]:
    return [canary for canary in CANARIES if canary in text]


async def everything_kept(scene: Scene) -> str:
    tables = await scene.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = [await scene.rows(f"SELECT t::text FROM {table} AS t") for (table,) in tables]
    values = await scene.rows("SELECT convert_from(value, 'UTF8') FROM outbox")
    return str([rows, values])


@pytest.mark.usefixtures("planted")
async def test_a_life_leaves_no_trace_of_the_person(
    scene: Scene, logged: pytest.CaptureFixture[str]
):
    dossiers = await lives.every(scene)
    await scene.say("H42.11", approved(dossiers[0]))  # is parked
    assert not found(await everything_kept(scene))
    assert not found((await scene.get(None, "/metrics")).text)
    said = logged.readouterr().out
    routes = ('"route": "/v1/dossiers"', '"route": "/v1/counter/dossiers"')
    assert sum(map(said.count, routes)) == len(dossiers)
    assert not found(said)
    for opened in (dossiers[0], dossiers[-1]):
        assert found(str(await scene.dossier(opened, LAN))) == list(CANARIES)


@pytest.mark.usefixtures("planted")
async def test_refusals_and_bugs_leave_no_trace_of_the_person(
    scene: Scene, logged: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    filing = await scene.certificate_filing()
    wrong = filing | {"form": FORM | {"citizenId": "canary", "canary": "canary"}}
    refused = await scene.post(DAO, "/v1/dossiers", wrong)
    assert refused.status_code == 422

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(str(FORM))

    monkeypatch.setattr("intake.filing.seal_form", broken)
    bug = await scene.post(DAO, "/v1/dossiers", filing)
    assert bug.status_code == 500
    assert not found(bug.text)
    said = logged.readouterr().out
    assert "unhandled error" in said
    assert not found(said)


@pytest.mark.usefixtures("planted")
async def test_the_name_of_a_file_is_not_kept(scene: Scene, logged: pytest.CaptureFixture[str]):
    await scene.uploaded(DAO, name="canary-identity-card.png")
    assert not found(await everything_kept(scene))
    assert not found(logged.readouterr().out)


@pytest.mark.usefixtures("planted")
async def test_only_those_concerned_see_the_person(scene: Scene):
    dossier = await scene.received()
    for reader in (DAO, LAN, scenery.JUSTICE_SYSTEM):
        assert found((await scene.get(reader, f"/v1/dossiers/{dossier}")).text)
    code = (await scene.dossier(dossier))["code"]
    for path in (f"/v1/dossiers/{dossier}", "/v1/dossiers", f"/v1/tracking/{code}"):
        assert not found((await scene.get(BINH, path)).text)
    assert JUSTICE in code
