from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest

from certification import metrics
from certification.check import Traces
from certification.check_uploads import MOST_BYTES, Received
from certification.domain import CopyState
from certification.rate_limit import CheckSettings
from documents.testing import pdf, png
from motcua_contracts.types import SignatureLevel

from .conftest import LINK, MakeScene
from .forgeries import encrypted
from .scene import PUBLIC_URL, REQUESTER, SIGNER, TITLE, Scene, SignedFile, signed_file
from .signed_copies import Authority, paper, sign, signed


def checks(way: str, verdict: str) -> float:
    return metrics.CHECKS.labels(way, verdict)._value.get()


async def test_the_very_file_is_valid(scene: Scene, file: SignedFile) -> None:
    before = checks("file", "valid")
    answer = await scene.ask(file.content)
    told = answer.json()
    assert (told["verdict"], told["basis"]) == ("valid", "file")
    copy = told["certifiedCopy"]
    assert copy["registerNumber"] == {"number": 127, "book": "SCT-BS", "year": 2026}
    assert [signer["role"] for signer in copy["signers"]] == ["authorised-person", "agency-seal"]
    assert copy["signers"][0]["name"] == "Nguyễn Thị Ngọc Ánh"
    assert (copy["pages"], copy["level"], copy["sha256"]) == (3, "B-LTA", file.sha256)
    assert copy["url"] == f"{PUBLIC_URL}/c/{LINK}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert checks("file", "valid") == before + 1


async def test_its_name_does_not_count(scene: Scene, file: SignedFile) -> None:
    page = await scene.drop(file.content, name="<b>khac</b>.bin")
    assert page.status_code == 200
    assert "Bản sao hợp lệ" in page.text
    assert "khac" not in page.text


async def test_by_its_link_the_register_says_what_it_knows(scene: Scene) -> None:
    told = (await scene.client.get(f"/v1/checks/{LINK}")).json()
    assert (told["verdict"], told["basis"]) == ("valid", "register")
    assert told["certifiedCopy"]["link"] == LINK


@pytest.mark.parametrize("typed", [LINK.upper(), "k7m2-9xq4-t0ad", "K7M29XQ4TOAD"])
async def test_a_link_may_be_typed_as_people_type(scene: Scene, typed: str) -> None:
    assert (await scene.client.get(f"/v1/checks/{typed}")).status_code == 200


async def test_nobody_is_named_who_asked_for_a_copy(scene: Scene, file: SignedFile) -> None:
    answers = [
        (await scene.client.get(f"/v1/checks/{LINK}")).text,
        (await scene.ask(file.content)).text,
        (await scene.client.get(f"/c/{LINK}")).text,
        (await scene.drop(file.content)).text,
    ]
    for secret in (REQUESTER, TITLE, "Trần Văn", "Bằng tốt nghiệp", "079090000001", "abcd1234"):
        assert not [text for text in answers if secret in text]


@pytest.mark.parametrize("link", ["0" * 12, "", "x", "../../etc/passwd", "%00", "k7m29xq4t0a"])
async def test_other_links_lead_nowhere(scene: Scene, link: str) -> None:
    answer = await scene.client.get(f"/v1/checks/{link}")
    assert answer.status_code in (404, 405)
    assert LINK not in answer.text


@pytest.mark.parametrize("state", [CopyState.SIGNING, CopyState.REFUSED])
async def test_of_a_copy_that_is_not_certified_nobody_is_told(
    scene: Scene, state: CopyState
) -> None:
    link = "s1gn1ng00000"
    hidden = await signed_file(scene.authority, link)
    await scene.add(hidden, state, sha256=None, signed_at=None, level=None, certified_at=None)
    nobodys = await scene.client.get("/v1/checks/000000000000")
    answer = await scene.client.get(f"/v1/checks/{link}")
    assert (answer.status_code, answer.json()) == (404, nobodys.json())
    guess = await scene.client.post(f"/c/{link}", data={"code": "abcd1234"})
    assert guess.status_code == 404


async def test_a_revoked_copy_says_since_when_and_why(scene: Scene, authority: Authority) -> None:
    revoked = await signed_file(authority, "rev0ked00000")
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    await scene.add(revoked, CopyState.REVOKED, reason="content-differs", changed_at=at)
    by_link = (await scene.client.get(f"/v1/checks/{revoked.link}")).json()
    by_file = (await scene.ask(revoked.content)).json()
    for told in (by_link, by_file):
        assert told["verdict"] == "revoked"
        assert told["since"] == "2026-03-04T05:06:07Z"
        assert told["reason"]["code"] == "content-differs"
        assert "bản chính" in told["reason"]["vi"]


async def test_a_reason_that_nobody_put_into_words_is_shown_as_it_is(
    scene: Scene, authority: Authority
) -> None:
    revoked = await signed_file(authority, "rev0ked00000")
    await scene.add(revoked, CopyState.REVOKED, reason="lost-in-a-flood")
    told = (await scene.client.get(f"/v1/checks/{revoked.link}")).json()
    assert told["reason"]["vi"] == "Mã lý do: lost-in-a-flood"


async def test_a_replaced_copy_leads_to_its_successor(
    scene: Scene, file: SignedFile, authority: Authority
) -> None:
    async with scene.service.transaction() as work:
        successor = await work.copies.by_link(file.link)
    assert successor is not None
    replaced = await signed_file(authority, "rep1aced0000")
    await scene.add(
        replaced, CopyState.REPLACED, reason="scan-unreadable", replaced_by=successor.id
    )
    for told in (
        (await scene.client.get(f"/v1/checks/{replaced.link}")).json(),
        (await scene.ask(replaced.content)).json(),
    ):
        assert (told["verdict"], told["successor"]) == ("replaced", LINK)
    assert (await scene.client.get(f"/v1/checks/{told['successor']}")).json()["verdict"] == "valid"


async def test_a_copy_that_was_signed_at_a_lower_level_is_valid_too(
    scene: Scene, authority: Authority
) -> None:
    for level, link in (
        (SignatureLevel.B_T, "1eve1bt00000"),
        (SignatureLevel.B_LT, "1eve1b1t0000"),
    ):
        file = await signed_file(authority, link, level=level)
        await scene.add(file, CopyState.CERTIFIED, level=level)
        assert (await scene.ask(file.content)).json()["verdict"] == "valid"


async def test_it_stays_valid_when_certificates_have_run_out(
    scene: Scene, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counts is the moment of signing, with what the file brings: nobody is asked today."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    file = await signed_file(authority, "o1d000000000")
    await scene.add(file, CopyState.CERTIFIED)
    assert await scene.verdict(file.content) == "valid"


class TestSomebodyElses:
    async def test_two_foreign_signatures_are_not_ours(
        self, scene: Scene, stranger: Authority
    ) -> None:
        assert await scene.verdict(await signed(paper(), stranger)) == "not-ours"

    async def test_a_foreign_signature_on_our_text_is_not_ours(
        self, scene: Scene, stranger: Authority
    ) -> None:
        foreign = await sign(paper(), stranger, stranger.person, level=SignatureLevel.B_T)
        assert await scene.verdict(foreign) == "not-ours"

    async def test_with_our_link_in_it_it_is_altered(
        self, scene: Scene, stranger: Authority
    ) -> None:
        foreign = await signed(paper(link=f"{PUBLIC_URL}/c/{LINK}"), stranger)
        assert await scene.verdict(foreign) == "altered"

    async def test_with_a_link_that_we_never_gave_out_it_is_not(
        self, scene: Scene, stranger: Authority
    ) -> None:
        foreign = await signed(paper(link=f"{PUBLIC_URL}/c/{'0' * 12}"), stranger)
        assert await scene.verdict(foreign) == "not-ours"

    async def test_a_foreign_signature_added_to_our_copy_is_altered(
        self, scene: Scene, file: SignedFile, stranger: Authority
    ) -> None:
        more = await sign(file.content, stranger, stranger.seal, level=SignatureLevel.B_T)
        assert await scene.verdict(more) == "altered"

    async def test_our_keys_on_a_paper_that_is_not_registered_are_altered(
        self, scene: Scene, authority: Authority
    ) -> None:
        assert await scene.verdict(await signed(paper(pages=1), authority)) == "altered"


class TestWhatTheRegisterCannotProve:
    """The digest is ours, the signatures are not what we recorded: never valid, never a lie."""

    async def refused(self, scene: Scene, file: SignedFile, **other: object) -> None:
        before = checks("file", "unproven")
        await scene.add(file, CopyState.CERTIFIED, **other)
        answer = await scene.ask(file.content)
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("unavailable")
        assert checks("file", "unproven") == before + 1
        page = await scene.drop(file.content)
        assert page.status_code == 503
        assert "chưa xác minh được chữ ký" in page.text

    async def test_signed_by_a_stranger(self, scene: Scene, stranger: Authority) -> None:
        await self.refused(scene, await signed_file(stranger, "stranger0000"))

    async def test_signed_with_other_keys_of_ours(self, scene: Scene, authority: Authority) -> None:
        file = await signed_file(authority, "0therkeys000")
        person, seal = authority.person.fingerprint, authority.seal.fingerprint
        await self.refused(scene, file, person_certificate=seal, seal_certificate=person)

    async def test_signed_once(self, scene: Scene, authority: Authority) -> None:
        level = SignatureLevel.B_LTA
        content = await sign(paper(), authority, authority.person, level=level)
        await self.refused(scene, SignedFile(content, "0nce00000000", datetime.now(UTC)))

    async def test_signed_in_the_wrong_order(self, scene: Scene, authority: Authority) -> None:
        level = SignatureLevel.B_T
        first = await sign(paper(), authority, authority.seal, level=level)
        content = await sign(first, authority, authority.clock, level=level)
        file = SignedFile(content, "wr0ng0rder00", datetime.now(UTC))
        await self.refused(scene, file, level=level)

    async def test_below_the_level_that_was_recorded(
        self, scene: Scene, authority: Authority
    ) -> None:
        file = await signed_file(authority, "t00low000000", level=SignatureLevel.B_T)
        await self.refused(scene, file, level=SignatureLevel.B_LTA)

    async def test_at_a_time_when_the_certificate_was_not_valid(
        self, scene: Scene, authority: Authority
    ) -> None:
        file = await signed_file(authority, "wr0ngt1me000")
        await self.refused(scene, file, signed_at=file.signed_at - timedelta(days=30))


class TestBadInput:
    @pytest.mark.parametrize(
        ("content", "status", "problem"),
        [
            (b"", 400, "no-file"),
            (b"Hello", 415, "wrong-type"),
            (b"%PDF", 415, "wrong-type"),
            (png(), 415, "wrong-type"),
            (b"\n" + pdf(), 415, "wrong-type"),
            (b"%PDF-1.7\n" + bytes(MOST_BYTES + 1), 413, "file-too-large"),
        ],
    )
    async def test_it_is_refused_with_a_reason(
        self, scene: Scene, content: bytes, status: int, problem: str
    ) -> None:
        answer = await scene.ask(content)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["type"].endswith(f"/{problem}")
        page = await scene.drop(content)
        assert page.status_code == status
        assert 'class="govuk-error-summary"' in page.text

    @pytest.mark.parametrize(
        "content",
        [
            pdf(),
            b"%PDF-1.7\n",
            b"%PDF-1.7\n" + b"<30" * 1_000_000,
            b"%PDF-1.7\n<30" + b"0" * 20_000_000 + b">",
            b"%PDF-1.7\n<30" + b" " * 20_000_000,
            encrypted(paper()),
        ],
    )
    async def test_a_stranger_is_not_ours(self, scene: Scene, content: bytes) -> None:
        assert await scene.verdict(content) == "not-ours"

    async def test_a_bomb_is_not_ours_and_harms_nobody(self, scene: Scene) -> None:
        bomb = pikepdf.Pdf.new()
        bomb.add_blank_page()
        bomb.Root.Metadata = bomb.make_stream(bytes(200_000_000))
        path = scene.roots.with_name("bomb.pdf")
        bomb.save(path)
        assert path.stat().st_size < 1_000_000
        assert await scene.verdict(path.read_bytes()) == "not-ours"
        assert (await scene.client.get(f"/v1/checks/{LINK}")).status_code == 200

    async def test_nothing_is_left_of_a_file(
        self, scene: Scene, file: SignedFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = scene.roots.with_name("temporary")
        folder.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        for content in (file.content, b"Hello", b"%PDF-1.7\n" + bytes(MOST_BYTES)):
            await scene.ask(content)
            await scene.drop(content)
        assert list(folder.iterdir()) == []


class TestHowOften:
    async def test_links_and_files_are_counted_apart(
        self, make_scene: MakeScene, file: SignedFile
    ) -> None:
        scene = make_scene(CheckSettings(links_per_minute=3, files_per_minute=2))
        await scene.add(file, CopyState.CERTIFIED)
        answers = [await scene.ask(pdf()) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[-1].headers["Retry-After"]) in range(1, 31)
        assert answers[-1].json()["type"].endswith("/too-often")
        answers = [await scene.client.get(f"/v1/checks/{LINK}") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        page = await scene.client.get(f"/c/{LINK}?lang=en")
        assert page.status_code == 429
        assert "Too many requests" in page.text
        assert page.headers["Retry-After"]

    async def test_only_a_header_that_the_settings_name_says_who_asks(
        self, make_scene: MakeScene
    ) -> None:
        by_header = make_scene(CheckSettings(links_per_minute=1, address_header="X-Real-IP"))
        by_address = make_scene(CheckSettings(links_per_minute=1))
        for scene, second in ((by_header, 404), (by_address, 429)):
            for address, status in (("198.51.100.1", 404), ("198.51.100.2", second)):
                answer = await scene.client.get(
                    "/v1/checks/000000000000", headers={"X-Real-IP": address}
                )
                assert answer.status_code == status


async def test_who_signed_is_told_also_when_the_settings_forgot_them(
    scene: Scene, authority: Authority
) -> None:
    file = await signed_file(authority, "f0rg0tten000")
    await scene.add(file, CopyState.CERTIFIED, signer=f"former-{SIGNER}")
    told = (await scene.ask(file.content)).json()
    assert told["verdict"] == "valid"
    assert told["certifiedCopy"]["signers"][0]["name"] == "Nguyễn Thị Ngọc Ánh"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDF-1.7\n",
        pdf()[:-200],
        pdf().replace(b"/Kids", b"/Kidz"),
        paper(pages=1).replace(b"/Pages 3 0 R", b"/Pages 1 0 R"),
        b"%PDF-1.7\n" + b"[" * 100_000,
        b"%PDF-1.7\n1 0 obj\n<</Length 1 0 R>>stream\n" + b"x" * 1_000_000,
    ],
)
async def test_what_cannot_be_read_ends_a_job_and_nothing_else(
    scene: Scene, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "hostile.pdf"
    path.write_bytes(content)
    received = Received(path, "")
    copy = await scene.add(SignedFile(b"", "h0st11e00000", datetime.now(UTC)), CopyState.CERTIFIED)
    proof = await scene.file_checks.prove(received, copy)
    assert proof is None or not proof.signatures
    assert await scene.file_checks.traces(received) == Traces([], [])
