"""Files over HTTP: what is taken, what is refused and why, and who gets a file back."""

import hashlib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from prometheus_client import REGISTRY

from chassis.app import BODY_BYTES
from documents.testing import active_pdf, jpeg, pdf, png

from .scene import (
    BINH,
    DAO,
    JUSTICE,
    JUSTICE_OFFICER,
    JUSTICE_SYSTEM,
    LAN,
    OFFICER_ELSEWHERE,
    OPERATOR,
    PLANNING_SYSTEM,
    Person,
    Scene,
    approved,
)

Message = MutableMapping[str, Any]


def kept(scene: Scene) -> list[Path]:
    return [path for path in scene.settings.files_folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (pdf(), "Đơn.PDF", "application/pdf"),
        (jpeg(), "thẻ.jpg", "image/jpeg"),
        (png(), "scan.png", "image/png"),
    ],
)
async def test_a_good_file_is_kept_under_its_digest(
    scene: Scene, content: bytes, name: str, media_type: str
):
    file = await scene.uploaded(DAO, content, name)
    digest = hashlib.sha256(content).hexdigest()
    assert (file["sha256"], file["size"], file["mediaType"]) == (digest, len(content), media_type)
    assert [path.name for path in kept(scene)] == [digest]
    assert await scene.rows("SELECT id::text, owner, agency FROM files") == [
        (file["fileId"], DAO.subject, None)
    ]


async def test_a_file_from_an_agencys_system_is_the_agencys(scene: Scene):
    await scene.uploaded(JUSTICE_SYSTEM, pdf(), "result.pdf")
    assert await scene.rows("SELECT agency FROM files") == [(JUSTICE,)]


async def test_the_sizes_of_kept_files_are_measured(scene: Scene):
    before = REGISTRY.get_sample_value("motcua_intake_uploaded_bytes_sum") or 0
    file = await scene.uploaded(DAO)
    after = REGISTRY.get_sample_value("motcua_intake_uploaded_bytes_sum")
    assert after == before + file["size"]


@pytest.mark.parametrize(
    ("content", "name", "status", "problem"),
    [
        (png() + bytes(100_000), "big.png", 413, "file-too-large"),
        # By the store, not by the limit for every other route: it says what to do.
        (png() + bytes(BODY_BYTES), "bigger.png", 413, "file-too-large"),
        (jpeg(), "really.pdf", 415, "wrong-type"),
        (pdf(), "archive.zip", 415, "wrong-type"),
        (b"", "empty.pdf", 415, "wrong-type"),
        (pdf()[:200], "cut.pdf", 422, "damaged-file"),
        (
            pdf(encryption=pikepdf.Encryption(owner="x", user="y")),
            "locked.pdf",
            422,
            "encrypted-pdf",
        ),
        (active_pdf(), "script.pdf", 422, "active-pdf"),
    ],
)
async def test_a_bad_file_is_refused_in_both_languages_and_nothing_stays(
    scene: Scene, content: bytes, name: str, status: int, problem: str
):
    answer = await scene.upload(DAO, content, name)
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert said["type"].endswith(f"/{problem}")
    assert said["detail"] != said["detailVi"]
    assert kept(scene) == []
    assert await scene.rows("SELECT count(*) FROM files") == [(0,)]


async def test_an_active_pdf_is_told_what_makes_it_so(scene: Scene):
    said = (await scene.upload(DAO, active_pdf(), "script.pdf")).json()
    assert said["found"] == ["JavaScript", "OpenAction"]
    assert said["detailVi"].startswith("Tệp có JavaScript")


async def test_an_upload_that_breaks_off_leaves_nothing_and_is_no_bug(scene: Scene):
    sent: list[Message] = []
    messages: list[Message] = [{"type": "http.request", "body": png()[:30], "more_body": True}]

    async def next_message() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = scene.headers(DAO)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/files",
        "query_string": b"name=scan.png",
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }
    await scene.service.http(scope, next_message, send)
    assert sent[0]["status"] == 400
    assert kept(scene) == []


@pytest.mark.parametrize(("person", "status"), [(None, 401), (OPERATOR, 403)])
async def test_who_is_concerned_with_no_dossier_uploads_nothing(
    scene: Scene, person: Person | None, status: int
):
    assert (await scene.upload(person)).status_code == status
    assert kept(scene) == []


async def test_a_file_needs_a_name_for_its_type(scene: Scene):
    answer = await scene.http.post("/v1/files", content=png(), headers=scene.headers(DAO))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "name"


async def paper_url(scene: Scene, dossier: str) -> str:
    [paper] = (await scene.dossier(dossier))["papers"]
    return f"/v1/dossiers/{dossier}/papers/{paper['paperId']}"


async def test_a_paper_comes_back_byte_for_byte_as_an_attachment(scene: Scene):
    url = await paper_url(scene, await scene.filed())
    answer = await scene.get(DAO, url)
    assert answer.content == png()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize(
    ("person", "status"),
    [
        (DAO, 200),
        (LAN, 200),
        (JUSTICE_SYSTEM, 200),
        (JUSTICE_OFFICER, 200),
        (BINH, 404),
        (OFFICER_ELSEWHERE, 404),
        (PLANNING_SYSTEM, 404),
        (OPERATOR, 403),
        (None, 401),
    ],
)
async def test_only_those_concerned_get_a_paper(scene: Scene, person: Person | None, status: int):
    url = await paper_url(scene, await scene.filed())
    assert (await scene.get(person, url)).status_code == status


async def test_a_paper_is_found_only_under_its_own_dossier(scene: Scene):
    url = await paper_url(scene, await scene.filed())
    another = await scene.filed()
    elsewhere = f"/v1/dossiers/{another}/papers/{url.rpartition('/')[2]}"
    answer = await scene.get(DAO, elsewhere)
    assert answer.status_code == 404
    assert answer.json()["type"].endswith("/unknown-paper")


async def test_the_applicant_downloads_the_result_and_nobody_else_of_the_citizens(scene: Scene):
    dossier = await scene.received()
    await scene.say(JUSTICE, approved(dossier, await scene.result()))
    whole = await scene.dossier(dossier)
    [result], [paper] = whole["resultPapers"], whole["papers"]
    url = f"/v1/dossiers/{dossier}/results/{result['paperId']}"
    answer = await scene.get(DAO, url)
    assert hashlib.sha256(answer.content).hexdigest() == result["sha256"]
    assert answer.headers["content-disposition"].endswith('.pdf"')
    assert (await scene.get(BINH, url)).status_code == 404
    assert (await scene.get(DAO, url.replace("results", "papers"))).status_code == 404
    handed_in = f"/v1/dossiers/{dossier}/results/{paper['paperId']}"
    assert (await scene.get(DAO, handed_in)).status_code == 404
