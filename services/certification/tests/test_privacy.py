"""Nothing about a person is in an event, a log line, a key or a row in the clear."""

import logging as standard_logging
from collections.abc import Iterator

import pytest
import structlog

from certification.__main__ import LOG_FIELDS
from certification.codes import as_typed
from certification.sealing import Request
from chassis import logging
from chassis.encryption import Tampered
from chassis.testing.behaviour import Consumed
from chassis.testing.records import event
from motcua_contracts.topics import DOSSIER_EVENTS

from .samples import ID_NUMBER, NAME, PERSONAL, TITLE, registered
from .scene import Scene


@pytest.fixture
def as_served() -> Iterator[None]:
    """Logs as the service writes them."""
    handlers = standard_logging.getLogger().handlers[:]
    before = structlog.get_config()
    logging.configure("certification", level="DEBUG", fields=LOG_FIELDS)
    yield
    structlog.configure(**before)
    standard_logging.getLogger().handlers[:] = handlers


async def whole_life(scene: Scene) -> list[str]:
    """Everything that can be said about a copy, and the ways in which it goes wrong."""
    brought = await scene.bring(await scene.open())
    wrong = await scene.bring(await scene.open(), title="x\u0000" + TITLE)
    copy_id = await scene.certified()
    await scene.replace(copy_id)
    codes = [(await scene.get(f"/v1/copies/{copy_id}")).json()["checkCode"]]
    await scene.get("/v1/register?year=2026")
    await scene.http.post(
        "/v1/register/searches", json={"idNumber": ID_NUMBER}, headers=scene.clerk()
    )
    await scene.decide(copy_id, "revocation")
    await scene.decide(copy_id, "refusal")
    assert (brought.status_code, wrong.status_code) == (201, 422)
    return codes


async def test_no_row_holds_anything_about_a_person_in_the_clear(scene: Scene):
    codes = await whole_life(scene)
    some = event(registered("00000000-0000-0000-0000-000000000000"), source="/motcua/intake")
    rows = await Consumed(scene.consumer, scene.service.database, some, DOSSIER_EVENTS).rows()
    assert len(rows["copies"]) > 2
    assert rows["outbox"]
    assert rows["idempotency_keys"]
    everything = "\n".join(line for lines in rows.values() for line in lines)
    for word in (*PERSONAL, *codes):
        assert word not in everything


@pytest.mark.usefixtures("as_served")
async def test_no_log_line_names_a_person(scene: Scene, capsys: pytest.CaptureFixture[str]):
    codes = await whole_life(scene)
    said = capsys.readouterr()
    assert "/v1/copies/{copy_id}/revocation" in said.out
    for word in (*PERSONAL, *codes):
        assert word not in said.out + said.err


async def test_no_file_is_named_after_a_person_and_no_representation_names_one(scene: Scene):
    copy = await scene.copy(await scene.certified())
    asked = scene.sealing.request(copy)
    assert (asked.name, asked.id_number, asked.title) == (NAME, ID_NUMBER, TITLE)
    for word in PERSONAL:
        assert word not in repr(asked) + repr(copy)
    answer = await scene.get(f"/v1/copies/{copy.id}/file")
    assert str(copy.sha256)[:16] in answer.headers["content-disposition"]


async def test_what_is_sealed_opens_in_its_own_row_only(scene: Scene):
    one, other = [await scene.copy(await scene.certified()) for _ in range(2)]
    assert one.requester_index == other.requester_index  # found by the same number
    assert one.code_index != other.code_index
    one.request, one.code = other.request, other.code
    with pytest.raises(Tampered):
        scene.sealing.request(one)
    with pytest.raises(Tampered):
        scene.sealing.code(one)


async def test_a_code_is_known_as_people_type_it(scene: Scene):
    copy = await scene.copy(await scene.certified())
    code = str(scene.sealing.code(copy))
    spoken = code.upper().replace("0", "O").replace("1", "l")
    assert scene.sealing.is_code(copy, f" {spoken[:4]}-{spoken[4:]} ")
    assert not scene.sealing.is_code(copy, code[:-1] + ("2" if code[-1] != "2" else "3"))
    assert not scene.sealing.is_code(copy, "")
    assert not scene.sealing.is_code(await scene.copy(await scene.ready()), code)
    assert as_typed("oIl-0 1") == "01101"


def test_an_identity_number_is_found_however_it_is_spaced(scene: Scene):
    sealing = scene.sealing
    assert sealing.requester_index("c 1234567") == sealing.requester_index("C1234567")
    asked = Request(name="A", id_number="1", title="B")
    assert sealing.seal_request("x", asked) != sealing.seal_request("x", asked)
