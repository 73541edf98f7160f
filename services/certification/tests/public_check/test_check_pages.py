import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certification.check_html import HEADERS
from certification.check_pages import link_in
from certification.domain import CopyState
from documents.testing import pdf

from .conftest import LINK
from .scene import CODE, OFFICE, REQUESTER, TITLE, Scene, SignedFile, signed_file
from .signed_copies import Authority

PAGES = ["/kiem-tra", "/kiem-tra?lang=en", f"/c/{LINK}", f"/c/{LINK}?lang=en", "/c/000000000000"]


class Page(HTMLParser):
    """What of a page could run, load or send something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.loads: list[str] = []
        self.sends: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.inline += [name for name in found if name == "style" or name.startswith("on")]
        if tag == "script":
            self.scripts.append(found.get("src"))
        if tag in ("script", "link", "img"):
            self.loads.append(found.get("src") or found.get("href") or "")
        if tag == "form":
            self.sends.append(found["action"] or "")


@pytest.mark.parametrize("url", PAGES)
async def test_a_page_runs_and_loads_nothing_but_our_own(scene: Scene, url: str) -> None:
    answer = await scene.client.get(url)
    page = Page(answer.text)
    assert page.inline == []
    assert all(page.scripts)
    for target in page.loads + page.sends:
        assert re.match(r"/chung-thuc/(kiem-tra|c/)", target), target
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_what_pages_load_is_there(scene: Scene) -> None:
    page = Page((await scene.client.get("/kiem-tra")).text)
    for target in page.loads:
        answer = await scene.client.get(target.removeprefix("/chung-thuc"))
        assert answer.status_code == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    css = (await scene.client.get("/kiem-tra/static/check.css")).text
    fonts = re.findall(r"url\(\"?([^\")]+)", css)
    assert len(fonts) == 4
    for font in fonts:
        answer = await scene.client.get(f"/kiem-tra/static/{font}")
        assert answer.headers["Content-Type"] == "font/woff2"


async def test_the_brand_is_our_own(scene: Scene) -> None:
    css = (await scene.client.get("/kiem-tra/static/check.css")).text
    assert "GDS Transport" not in css
    pages = [(await scene.client.get(url)).text for url in PAGES]
    assert not [text for text in (*pages, css) if re.search("crown|gov\\.uk/", text, re.I)]
    assert OFFICE.name in pages[0]


@pytest.mark.parametrize("name", ["nothing.css", "..%2fcheck_html.py", "check.css%00", ""])
async def test_nothing_else_is_served(scene: Scene, name: str) -> None:
    assert (await scene.client.get(f"/kiem-tra/static/{name}")).status_code == 404


async def test_each_page_is_there_in_both_languages(scene: Scene, file: SignedFile) -> None:
    for path, vi, en in (
        ("/kiem-tra", "Kiểm tra bản sao", "Check a certified e-copy"),
        (f"/c/{LINK}", "Bản sao đang có hiệu lực", "The copy is in force"),
        ("/c/000000000000", "Không có bản sao", "There is no copy"),
    ):
        vietnamese = await scene.client.get(path)
        english = await scene.client.get(f"{path}?lang=en")
        assert vi in vietnamese.text
        assert '<html lang="vi"' in vietnamese.text
        assert en in english.text
        assert '<html lang="en"' in english.text
    dropped = {"tep": ("a.pdf", file.content)}
    english = await scene.client.post("/kiem-tra?lang=en", files=dropped)
    assert "The copy is valid" in english.text


async def test_times_are_vietnams(scene: Scene, authority: Authority) -> None:
    file = await signed_file(authority, "t1me00000000")
    at = file.signed_at.replace(2026, 11, 24, 20, 15, 32)
    await scene.add(file, CopyState.CERTIFIED, signed_at=at)
    assert "25/11/2026, 03:15:32" in (await scene.client.get("/c/t1me00000000")).text
    english = (await scene.client.get("/c/t1me00000000?lang=en")).text
    assert "25 November 2026, 03:15:32 (UTC+7)" in english


@pytest.mark.parametrize(
    "typed",
    [
        LINK,
        "K7M2 9XQ4 T0AD",
        f"https://motcua.test/chung-thuc/c/{LINK}?lang=en",
        f"motcua.test/chung-thuc/c/{LINK}",
    ],
)
async def test_a_link_from_paper_leads_to_its_page(scene: Scene, typed: str) -> None:
    answer = await scene.client.get("/kiem-tra", params={"ma": typed})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/chung-thuc/c/{LINK}")


@pytest.mark.parametrize("typed", ["//evil.example", "\r\nSet-Cookie: a=b", "javascript:alert(1)"])
async def test_nobody_is_led_elsewhere(scene: Scene, typed: str) -> None:
    answer = await scene.client.get("/kiem-tra", params={"ma": typed})
    assert "Set-Cookie" not in answer.headers
    assert answer.headers.get("Location", "/chung-thuc/c/").startswith("/chung-thuc/c/")


ODD = (
    "http://[x",
    "http://[::1]x/c/a",
    "//[",
    "[]",
    "http://x:99999999/c/",
    "http://\u2100.vn/c/a",
    "?#",
    "/" * 2_000,
    "%",
    "%00",
    "%ff%fe",
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "\u202e\u0130\u1e9e\ufb01",
    "1" * 5_000,
    "{{7*7}}",
    "' OR 1=1 --",
)
"""What somebody may type or send as a link."""


@pytest.mark.parametrize("typed", ODD)
async def test_an_odd_link_is_unknown_and_no_bug(scene: Scene, typed: str) -> None:
    answer = await scene.client.get("/kiem-tra", params={"ma": typed})
    assert answer.status_code in (200, 303)
    if answer.status_code == 303:
        led = answer.headers["Location"].removeprefix("/chung-thuc")
        assert (await scene.client.get(led)).status_code in (404, 200)
    for url in ("/c/{}", "/v1/checks/{}", "/c/{}/tep"):
        path = url.format(quote(typed, safe=""))
        for method in ("GET", "POST"):
            answer = await scene.client.request(method, path, data={"code": typed})
            assert answer.status_code in (404, 405), path


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text("htp:/[]@?#%.0aZ\\"))
def test_no_text_is_too_odd_for_a_link(typed: str) -> None:
    for each in (typed, f"http://{typed}", f"//[{typed}"):
        found = link_in(each)
        assert found == "" or "/" not in found


class TestTheCheckCode:
    async def test_shows_who_asked_and_of_what_and_gives_the_file(
        self, scene: Scene, file: SignedFile
    ) -> None:
        page = await scene.client.post(f"/c/{LINK}", data={"code": "ABCD-1234"})
        assert page.status_code == 200
        assert "Bằng tốt nghiệp &lt;b&gt;loại giỏi&lt;/b&gt;" in page.text
        assert "Trần Văn &lt;script&gt;Bình&lt;/script&gt;" in page.text
        assert TITLE not in page.text
        assert REQUESTER not in page.text
        assert page.headers["Cache-Control"] == "no-store"
        sent = await scene.client.post(f"/c/{LINK}/tep", data={"code": CODE})
        assert sent.content == file.content
        disposition = sent.headers["Content-Disposition"]
        assert disposition == 'attachment; filename="ban-sao-chung-thuc-127-2026.pdf"'
        assert sent.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("code", ["", "abcd1235", "0" * 10_000, "<script>", "\x00"])
    async def test_another_code_shows_nothing(self, scene: Scene, code: str) -> None:
        page = await scene.client.post(f"/c/{LINK}", data={"code": code})
        assert page.status_code == 422
        assert "Mã kiểm tra không đúng" in page.text
        assert "Trần Văn" not in page.text
        sent = await scene.client.post(f"/c/{LINK}/tep", data={"code": code})
        assert sent.status_code == 422
        assert b"%PDF" not in sent.content

    async def test_of_another_copy_opens_nothing(self, scene: Scene, authority: Authority) -> None:
        other = await signed_file(authority, "0ther0000000")
        index = scene.sealing.code_index("another", CODE)
        await scene.add(other, CopyState.CERTIFIED, code_index=index)
        page = await scene.client.post(f"/c/{other.link}", data={"code": CODE})
        assert page.status_code == 422

    async def test_is_not_found_by_trying(self, scene: Scene) -> None:
        statuses = [
            (await scene.client.post(f"/c/{LINK}", data={"code": f"wr0ng{n:03}"})).status_code
            for n in range(12)
        ]
        assert statuses == [422] * 10 + [429] * 2
        right = await scene.client.post(f"/c/{LINK}", data={"code": CODE})
        assert right.status_code == 429
        assert int(right.headers["Retry-After"]) in range(200, 301)
        assert "Trần Văn" not in right.text
        sent = await scene.client.post(f"/c/{LINK}/tep", data={"code": CODE})
        assert sent.status_code == 429

    async def test_right_ones_are_not_counted(self, scene: Scene) -> None:
        for _ in range(15):
            page = await scene.client.post(f"/c/{LINK}", data={"code": CODE})
            assert page.status_code == 200

    async def test_guessing_at_one_copy_closes_no_other(
        self, scene: Scene, authority: Authority
    ) -> None:
        other = await signed_file(authority, "0ther0000000")
        await scene.add(other, CopyState.CERTIFIED)
        for _ in range(11):
            await scene.client.post(f"/c/{LINK}", data={"code": "wr0ng"})
        page = await scene.client.post(f"/c/{other.link}", data={"code": CODE})
        assert page.status_code == 200

    async def test_an_unknown_link_says_no_more_with_a_code(self, scene: Scene) -> None:
        asked = await scene.client.get("/c/000000000000")
        guessed = await scene.client.post("/c/000000000000", data={"code": CODE})
        assert (asked.status_code, guessed.status_code) == (404, 404)
        assert asked.text == guessed.text


async def test_a_form_without_a_file_says_what_to_do(scene: Scene) -> None:
    for form in (
        {"content": b""},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"--a\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=a"}},
        {"files": {"other": ("a.pdf", pdf())}},
        {"files": {"tep": ("", b"")}},
        {"data": {"tep": "text"}},
    ):
        page = await scene.client.post("/kiem-tra", **form)  # pyright: ignore[reportArgumentType] - each form is what the client takes
        assert page.status_code == 400, form
        assert "Vui lòng chọn tệp PDF của bản sao." in page.text
        assert 'href="#tep"' in page.text


async def test_a_bug_tells_nobody_anything(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(REQUESTER)

    monkeypatch.setattr(scene.check, "by_link", broken)
    answer = await scene.client.get(f"/c/{LINK}")
    assert answer.status_code == 500
    assert "Trần" not in answer.text
