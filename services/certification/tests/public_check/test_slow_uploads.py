"""Nobody keeps others from checking by holding places, by silence, slowly or by the dozen."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import httpx2
import pytest

from certification import check_uploads
from certification.check_uploads import Places, SlowUpload, received
from certification.rate_limit import CheckSettings, TooOften
from chassis.errors import Unavailable
from documents.testing import pdf

from .conftest import MakeScene
from .scene import Scene

Sent = AsyncIterator[bytes]
BEGINNING = b"%PDF-1.7\n"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] - pytest's
    """Who holds a place here does so until the test is over, on a slow machine too."""
    monkeypatch.setattr(check_uploads, "GRACE_SECONDS", 60)


@pytest.fixture
def scene(make_scene: MakeScene) -> Scene:
    many = 100_000
    return make_scene(
        CheckSettings(links_per_minute=many, files_per_minute=many, address_header="X-Real-IP")
    )


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty-five times as fast as with citizens."""
    monkeypatch.setattr(check_uploads, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(check_uploads, "UPLOAD_SECONDS", 4.8)


async def silence() -> Sent:
    await asyncio.sleep(60)
    yield b"never"


async def beginning() -> Sent:
    yield BEGINNING
    await asyncio.sleep(60)


async def trickle(pieces: int, size: int, seconds: float) -> Sent:
    yield BEGINNING
    for _ in range(pieces):
        await asyncio.sleep(seconds)
        yield bytes(size)


def form(content: Sent) -> Sent:
    """As a browser sends the file."""

    async def parts() -> Sent:
        yield b'--a\r\nContent-Disposition: form-data; name="tep"; filename="a.pdf"\r\n\r\n'
        async for chunk in content:
            yield chunk
        yield b"\r\n--a--\r\n"

    return parts()


async def send(scene: Scene, content: Sent, *, by: str = "198.51.100.1") -> httpx2.Response:
    return await scene.client.post("/v1/checks", content=content, headers={"X-Real-IP": by})


async def drop(scene: Scene, content: Sent, *, by: str = "198.51.100.1") -> httpx2.Response:
    headers = {"X-Real-IP": by, "Content-Type": "multipart/form-data; boundary=a"}
    return await scene.client.post("/kiem-tra", content=form(content), headers=headers)


class Held:
    """Uploads that have begun and do not end, until the block does."""

    def __init__(self, scene: Scene, *askers: str) -> None:
        self._scene, self._askers = scene, askers

    async def __aenter__(self) -> None:
        sending = [(send, drop)[n % 2] for n in range(len(self._askers))]
        self._tasks = [
            asyncio.create_task(way(self._scene, beginning(), by=asker))
            for way, asker in zip(sending, self._askers, strict=True)
        ]
        held = self._scene.file_checks._places._held
        async with asyncio.timeout(20):
            while held.total() < len(self._askers):  # noqa: ASYNC110 - places tell nobody
                await asyncio.sleep(0.01)

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_an_address_has_two_places(scene: Scene) -> None:
    async with Held(scene, "198.51.100.1", "198.51.100.1"):
        answers = [await send(scene, once(pdf())), await drop(scene, once(pdf()))]
        assert [answer.status_code for answer in answers] == [429, 429]
        assert answers[0].headers["Retry-After"] == "10"
        assert (await send(scene, once(pdf()), by="198.51.100.2")).status_code == 200
    assert (await send(scene, once(pdf()))).status_code == 200


async def test_silence_holds_no_place(scene: Scene) -> None:
    waiting = [asyncio.create_task(way(scene, silence())) for way in (send, drop) * 20]
    await asyncio.sleep(0.3)
    assert (await send(scene, once(pdf()))).status_code == 200
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_what_is_no_pdf_takes_no_place(scene: Scene) -> None:
    async with Held(scene, *["198.51.100.1"] * 2):
        assert (await send(scene, once(b"GIF89a"))).status_code == 415


async def test_when_all_places_are_taken_one_is_asked_to_come_again(scene: Scene) -> None:
    async with Held(scene, *(f"198.51.100.{n // 2}" for n in range(32))):
        answer = await send(scene, once(pdf()), by="203.0.113.1")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert (await send(scene, once(pdf()), by="203.0.113.1")).status_code == 200


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("way", [send, drop])
@pytest.mark.parametrize(
    "content",
    [
        silence,
        beginning,
        lambda: trickle(1_000, 1, 0.01),
        lambda: trickle(1_000, 500, 0.05),  # 10 KB/s
    ],
)
async def test_who_is_slow_is_told_and_gives_the_place_back(
    scene: Scene, way: Callable[..., object], content: Callable[[], Sent]
) -> None:
    for _ in range(3):
        async with asyncio.timeout(5):
            answer: httpx2.Response = await way(scene, content())  # pyright: ignore[reportGeneralTypeIssues] - either way is awaited
        assert answer.status_code == 408
    assert (await send(scene, once(pdf()))).status_code == 200


@pytest.mark.usefixtures("hurried")
async def test_who_sends_fast_enough_may_take_longer(scene: Scene) -> None:
    piece = b"\n%" + b"x" * 7_000

    async def steadily() -> Sent:
        yield pdf()
        for _ in range(15):  # 175 KB/s for three times the grace
            await asyncio.sleep(0.04)
            yield piece

    assert (await send(scene, steadily())).status_code == 200


@pytest.mark.usefixtures("hurried")
async def test_nobody_may_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_uploads, "UPLOAD_SECONDS", 0.5)
    with pytest.raises(SlowUpload):
        async with received(trickle(1_000, 65_536, 0.02), "a", Places()):
            pass


def test_places_are_counted_by_asker() -> None:
    places = Places(3, each=2)
    with places.taken("a"), places.taken("a"):
        with pytest.raises(TooOften), places.taken("a"):
            pass
        with places.taken("b"), pytest.raises(Unavailable), places.taken("c"):
            pass
    with places.taken("a"):
        assert dict(places._held) == {"a": 1}
    assert dict(places._held) == {}


async def once(content: bytes) -> Sent:
    yield content


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1_000_000])
async def test_a_form_may_come_in_any_pieces(scene: Scene, size: int) -> None:
    whole = b"".join([part async for part in form(once(pdf()))])

    async def pieces() -> Sent:
        for at in range(0, len(whole), size):
            yield whole[at : at + size]

    headers = {"Content-Type": "multipart/form-data; boundary=a"}
    answer = await scene.client.post("/kiem-tra", content=pieces(), headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "parts",
    [
        [b'name="other"; filename="a"', b'name="tep"'],
        [b'filename="a"'],
        [b'name="tep"; filename="a"\r\n' + b"x: y\r\n" * 1_000],
        [b'name="tep"; filename="' + b"a" * 100_000 + b'"'],
    ],
)
async def test_a_form_without_a_file_of_that_name_has_none(
    scene: Scene, parts: Sequence[bytes]
) -> None:
    body = b"".join(
        b"--a\r\nContent-Disposition: form-data; " + part + b"\r\n\r\n%PDF-1.7\r\n"
        for part in parts
    )
    headers = {"Content-Type": "multipart/form-data; boundary=a"}
    answer = await scene.client.post("/kiem-tra", content=body + b"--a--\r\n", headers=headers)
    assert answer.status_code == 400
