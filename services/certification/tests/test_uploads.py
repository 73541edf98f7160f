"""What a clerk brings: judged, kept as it came, made one clean PDF, and paid by its pages."""

import asyncio
import hashlib
import stat
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from certification import check_uploads
from certification.domain import CopyState
from certification.settings import Settings
from certification.uploads import CLEAN_LIMITS
from documents.testing import active_pdf, jpeg, pdf

from .samples import ID_NUMBER, NAME, OTHER_AGENCY, TITLE, scan, shown
from .scene import Scene, problem

PDF = "application/pdf"


async def copies(scene: Scene) -> int:
    [(count,)] = await scene.rows("SELECT count(*) FROM copies")
    return count


def kept(settings: Settings) -> set[str]:
    """Digests of everything in the store."""
    return {p.name for p in (settings.files_folder / "content").rglob("*") if p.is_file()}


async def test_a_scan_becomes_a_copy_with_its_fee(scene: Scene, settings: Settings):
    dossier, content = await scene.open(), scan(3)
    answer = await scene.bring(dossier, pages=3)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["state"], told["pages"], told["fee"]) == ("requested", 3, 5_000)
    copy = await scene.copy(told["copyId"])
    assert (copy.state, copy.clerk, copy.agency) == (CopyState.REQUESTED, "officer-lan", "H42.10")
    assert (copy.scan_sha256, copy.clean_sha256) == (
        hashlib.sha256(content).hexdigest(),
        hashlib.sha256(scene.files.path(copy.clean_sha256).read_bytes()).hexdigest(),
    )
    assert scene.files.path(copy.scan_sha256).read_bytes() == content
    assert kept(settings) == {copy.scan_sha256, copy.clean_sha256}
    for sha256 in kept(settings):
        assert stat.filemode(scene.files.path(sha256).stat().st_mode) == "-r--r-----"
    assert await scene.fact(dossier, "copy-requested") == {
        "dossierId": dossier,
        "copyId": copy.id,
        "paperKind": "diploma",
        "pages": 3,
        "scanSha256": copy.scan_sha256,
        "feeLine": {"kind": "phi", "code": "phi-chung-thuc-ban-sao", "amount": 5_000},
    }


async def test_images_become_one_pdf_in_their_order(scene: Scene, tmp_path: Path):
    images = [real_image(tmp_path, width) for width in (40, 50, 60)]
    files = [(f"{n}.png", content, "image/png") for n, content in enumerate(images)]
    url = f"/v1/dossiers/{await scene.open()}/copies"
    answer = await scene.post_scan(url, shown(), *files)
    assert answer.status_code == 201, answer.text
    copy = await scene.copy(answer.json()["copyId"])
    digests = [hashlib.sha256(image).hexdigest() for image in images]
    assert [part["sha256"] for part in copy.scan_parts] == digests
    assert copy.scan_sha256 == hashlib.sha256("\n".join(digests).encode()).hexdigest()
    assert (copy.pages, copy.fee) == (3, 5_000)
    for n, image in enumerate(images, 1):
        part = await scene.get(f"/v1/copies/{copy.id}/scan?part={n}")
        assert (part.content, part.headers["content-type"]) == (image, "image/png")
    fourth = await scene.get(f"/v1/copies/{copy.id}/scan?part=4")
    assert problem(fourth) == (404, "unknown-part")


def real_image(folder: Path, width: int) -> bytes:
    path = folder / f"{width}.png"
    Image.new("RGB", (width, 30), "white").save(path)
    return path.read_bytes()


async def test_two_uploads_at_once_make_one_live_copy(scene: Scene):
    dossier = await scene.open()
    answers = await asyncio.gather(*(scene.bring(dossier, pages=pages) for pages in (1, 2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert await copies(scene) == 1
    assert await scene.announced(dossier) == ["copy-requested"]


@pytest.mark.parametrize("end", ["revocation", "refusal"])
async def test_a_copy_that_ended_makes_room_for_no_other_before_its_dossier_does(
    scene: Scene, end: str
):
    """What intake makes of the copy is on its way: nobody pays twice, or gets two for one fee."""
    made = scene.certified() if end == "revocation" else scene.ready()
    copy = await scene.copy(await made)
    assert (await scene.decide(copy.id, end)).status_code == 200
    assert problem(await scene.bring(copy.dossier_id)) == (409, "copy-under-way")
    assert await copies(scene) == 1


@pytest.mark.parametrize("state", ["requested", "ready", "approved", "certified"])
async def test_a_dossier_that_has_its_copy_takes_no_other(
    scene: Scene, settings: Settings, state: str
):
    copy = await scene.copy(await getattr(scene, state)())
    before = kept(settings)
    assert problem(await scene.bring(copy.dossier_id)) == (409, "copy-under-way")
    assert kept(settings) == before


async def test_the_same_request_sent_again_makes_no_other_copy(scene: Scene):
    dossier = await scene.open()
    first = await scene.bring(dossier, key="k")
    again = await scene.bring(dossier, key="k")  # its parts have another boundary
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await copies(scene) == 1
    for other in (
        await scene.bring(dossier, key="k", pages=2),
        await scene.bring(dossier, key="k", paperKind="id-card"),
    ):
        assert problem(other) == (422, "idempotency-key-reused")
    twins = await asyncio.gather(*(scene.bring(dossier, key="k") for _ in range(3)))
    assert {answer.json()["copyId"] for answer in twins} == {first.json()["copyId"]}


async def test_a_key_is_needed(scene: Scene):
    url = f"/v1/dossiers/{await scene.open()}/copies"
    for key in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 129}):
        answer = await scene.http.post(
            url, files=[("copy", (None, shown()))], headers=scene.clerk() | key
        )
        assert problem(answer) == (400, "idempotency-key-invalid")


async def test_only_an_officer_of_the_competent_agency_brings_a_scan(scene: Scene):
    dossier = await scene.open()
    assert (await scene.bring(dossier, headers=scene.owner())).status_code == 403
    foreign = await scene.bring(dossier, headers=scene.clerk(OTHER_AGENCY))
    assert problem(foreign) == (404, "unknown-dossier")
    assert await copies(scene) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"originalSeen": False}, "copy.originalSeen"),
        ({"paperKind": "Bằng"}, "copy.paperKind"),
        ({"title": " "}, "copy.title"),
        ({"title": "x\u0000y"}, "copy.title"),
        ({"requester": {"name": NAME}}, "copy.requester.idNumber"),
        ({"requester": {"name": NAME, "idNumber": "12-34"}}, "copy.requester.idNumber"),
        ({"more": 1}, "copy.more"),
    ],
)
async def test_what_the_clerk_says_is_checked_field_by_field(
    scene: Scene, changes: dict[str, object], field: str
):
    url = f"/v1/dossiers/{await scene.open()}/copies"
    answer = await scene.post_scan(url, shown(**changes), ("scan.pdf", scan(), PDF))
    assert problem(answer) == (422, "unprocessable")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert ID_NUMBER not in answer.text
    assert TITLE not in answer.text
    assert await copies(scene) == 0


async def test_a_request_without_its_parts_is_refused(scene: Scene):
    url = f"/v1/dossiers/{await scene.open()}/copies"
    one = ("scan.pdf", scan(), PDF)
    assert problem(await scene.post_scan(url, shown())) == (422, "wrong-scan")
    assert problem(await scene.post_scan(url, "nonsense", one)) == (422, "unprocessable")
    headers = scene.clerk() | {"Idempotency-Key": "k"}
    without = await scene.http.post(url, files=[("scan", one)], headers=headers)
    assert without.json()["errors"][0]["field"] == "copy"
    as_text = await scene.http.post(
        url, data={"copy": shown(), "scan": "text"}, files=[("x", one)], headers=headers
    )
    assert problem(as_text) == (422, "wrong-scan")
    json = await scene.http.post(url, json={}, headers=headers)
    assert json.status_code == 422
    assert await copies(scene) == 0


@pytest.mark.parametrize(
    ("files", "status", "slug"),
    [
        ([("scan.pdf", b"", PDF)], 415, "wrong-type"),
        ([("scan.pdf", b"%PDF-1.7\nnothing", PDF)], 422, "damaged-file"),
        ([("scan.pdf", active_pdf(), PDF)], 422, "active-pdf"),
        (
            [("scan.pdf", pdf(encryption=pikepdf.Encryption(owner="o", user="u")), PDF)],
            422,
            "encrypted-pdf",
        ),
        ([("scan.exe", b"MZ", "application/x")], 415, "wrong-type"),
        ([("scan.pdf", scan(), PDF), ("more.pdf", scan(), PDF)], 422, "wrong-scan"),
        ([("page.jpg", jpeg(), "image/jpeg"), ("scan.pdf", scan(), PDF)], 422, "wrong-scan"),
        ([(f"{n}.png", b"x", "image/png") for n in range(51)], 422, "wrong-scan"),
        ([(f"{n}.png", b"x", "image/png") for n in range(60)], 400, "about:blank"),
    ],
)
async def test_a_scan_that_cannot_be_certified_is_refused(
    scene: Scene, files: list[tuple[str, bytes, str]], status: int, slug: str
):
    url = f"/v1/dossiers/{await scene.open()}/copies"
    answer = await scene.post_scan(url, shown(), *files)
    assert problem(answer) == (status, slug)
    assert await copies(scene) == 0


class TestSmall:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"upload_most_bytes": 2_000})

    async def test_a_body_has_a_limit(self, scene: Scene):
        url = f"/v1/dossiers/{await scene.open()}/copies"
        answer = await scene.post_scan(url, shown(), ("scan.pdf", b"%PDF-" + bytes(3_000), PDF))
        assert problem(answer) == (413, "too-large")


async def test_the_fee_follows_the_pages_of_the_scan(scene: Scene):
    fees = [
        (await scene.bring(await scene.open(), pages=pages)).json()["fee"]
        for pages in (1, 2, 3, 198, 200)
    ]
    assert fees == [2_000, 4_000, 5_000, 200_000, 200_000]
    too_long = await scene.bring(await scene.open(), pages=201)
    assert problem(too_long) == (413, "file-too-large")


async def test_a_copy_that_no_office_could_take_is_refused_before_it_costs_anything(
    scene: Scene, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    limits = replace(CLEAN_LIMITS, written_bytes=500)
    monkeypatch.setattr("certification.uploads.CLEAN_LIMITS", limits)
    answer = await scene.bring(await scene.open(), pages=3)
    assert problem(answer)[0] == 413
    assert await copies(scene) == 0


def test_signed_copies_fit_where_they_are_used():
    """Twice what the band, two signatures and their time-stamps take (0.13 MB, ADR 0032)."""
    room = 1024 * 1024
    intake_takes = 20 * 1024 * 1024  # `INTAKE_FILES_MOST_BYTES`, by default
    assert CLEAN_LIMITS.written_bytes + room <= min(intake_takes, check_uploads.MOST_BYTES)
