"""Each page in a real browser under axe: no violation, no script refused, narrow or wide.

A browser is not a Python package. Where there is none these tests are skipped, save where
`MOTCUA_TOOLS` says that all tools are there, as in CI.
"""

import asyncio
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import AsyncGenerator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import aiohttp
import httpx2
import pytest

from certification.domain import CopyState

from .conftest import LINK
from .scene import CODE, Scene, SignedFile, signed_file
from .signed_copies import Authority, paper

AXE = "4.14.1"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
CACHE = Path(__file__).parents[4] / "var" / "axe"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LISTEN = """
globalThis.refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));
"""
LOADED = """new Promise((done) => {
  document.readyState === "complete" ? done() : addEventListener("load", () => done());
})"""
LOOK = """axe.run().then((found) => ({
  violations: found.violations.map((each) => [each.id, each.nodes.map((node) => node.html)]),
  passes: found.passes.length,
  enhanced: document.body.classList.contains("js-enabled"),
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  refused,
}))"""
Told = Mapping[str, Any]


def missing(what: str) -> None:
    if os.environ.get("MOTCUA_TOOLS") == "required":
        pytest.fail(what)
    pytest.skip(what)


class Browser:
    """One page of it, told what to do by the Chrome DevTools Protocol."""

    def __init__(self, devtools: aiohttp.ClientWebSocketResponse, axe: str) -> None:
        self._devtools = devtools
        self._axe = axe
        self._asked = 0
        self._page: Mapping[str, str] = {}

    async def open(self) -> None:
        target = await self._ask("Target.createTarget", url="about:blank")
        attached = await self._ask(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._page = {"sessionId": attached["sessionId"]}
        await self._ask("Page.enable")
        await self._ask("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)

    async def look(self, url: str, *, width: int) -> Told:
        """What axe and the browser say of a page."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        await self._ask("Emulation.setDeviceMetricsOverride", **size)
        await self._ask("Page.navigate", url=url)
        await self._run(LOADED)
        await self._run(f"{self._axe}; 0")
        return await self._run(LOOK)

    async def _run(self, script: str) -> Told:
        told = await self._ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def _ask(self, method: str, **params: object) -> dict[str, Any]:
        self._asked += 1
        question = {"id": self._asked, "method": method, "params": params, **self._page}
        await self._devtools.send_json(question)
        async with asyncio.timeout(60):
            while (told := await self._devtools.receive_json()).get("id") != self._asked:
                pass
        assert "error" not in told, told
        return told["result"]


@pytest.fixture
async def browser(axe: str, tmp_path: Path) -> AsyncGenerator[Browser]:
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    if not found:
        missing("no chromium is installed: make tools, as root, installs it")
    command = [found[0], "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--remote-debugging-port=0", f"--user-data-dir={tmp_path}"]
    silent = subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=silent, stderr=silent)
    try:
        url = await devtools(tmp_path / "DevToolsActivePort")
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, max_msg_size=0) as socket,
        ):
            browser = Browser(socket, axe)
            await browser.open()
            yield browser
    finally:
        process.kill()
        await process.wait()


async def devtools(told: Path) -> str:
    """Where they listen, once the browser has written it down."""
    async with asyncio.timeout(60):
        while True:
            lines = told.read_text().splitlines() if told.exists() else []  # noqa: ASYNC240
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
def axe() -> str:
    """Deque's axe-core, from npm's registry once, and checked."""
    kept = CACHE / f"axe-{AXE}.min.js"
    if not kept.exists():
        if not shutil.which("npm"):
            missing("axe-core is not there and npm neither: make tools, as root, installs npm")
        CACHE.mkdir(parents=True, exist_ok=True)
        pack = ["npm", "pack", "--silent", f"axe-core@{AXE}"]
        if subprocess.run(pack, cwd=CACHE, capture_output=True, timeout=60, check=False).returncode:
            missing("npm cannot fetch axe-core: is its registry reachable?")
        with tarfile.open(CACHE / f"axe-core-{AXE}.tgz") as package:
            content = package.extractfile("package/axe.min.js")
            assert content is not None
            kept.write_bytes(content.read())
    script = kept.read_bytes()
    assert hashlib.sha256(script).hexdigest() == AXE_SHA256
    return script.decode()


class Site:
    """Answers as the service gave them, headers and all."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Mapping[str, str], bytes]] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers, content = site.answers.get(self.path.partition("?")[0], ({}, b""))
                self.send_response(200 if headers else 404)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def keep(self, path: str, answer: httpx2.Response) -> str:
        kept = ("content-type", "content-security-policy", "x-content-type-options")
        headers = {name: answer.headers[name] for name in kept if name in answer.headers}
        self.answers[path] = headers, answer.content
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"


@pytest.fixture
async def site(scene: Scene) -> AsyncGenerator[Site]:
    site = Site()
    page = (await scene.client.get("/kiem-tra")).text
    css = (await scene.client.get("/kiem-tra/static/check.css")).text
    names = re.findall(r"static/([\w.-]+)", page) + re.findall(r'url\("?([\w.-]+)', css)
    for name in {*names, "govuk-file-upload-6.6.0.mjs"}:
        answer = await scene.client.get(f"/kiem-tra/static/{name}")
        site.keep(f"/chung-thuc/kiem-tra/static/{name}", answer)
    yield site
    site.server.shutdown()


async def pages(scene: Scene, file: SignedFile, authority: Authority) -> dict[str, httpx2.Response]:
    """Every page in every state."""
    client, revoked = scene.client, await signed_file(authority, "rev0ked00000")
    replaced = await signed_file(authority, "rep1aced0000")
    async with scene.service.transaction() as work:
        successor = await work.copies.by_link(LINK)
    assert successor is not None
    await scene.add(revoked, CopyState.REVOKED, reason="content-differs")
    await scene.add(
        replaced, CopyState.REPLACED, reason="scan-unreadable", replaced_by=successor.id
    )
    return {
        "form": await client.get("/kiem-tra"),
        "form-english": await client.get("/kiem-tra?lang=en"),
        "form-without-a-file": await scene.drop(b""),
        "valid": await client.get(f"/c/{LINK}"),
        "valid-english": await client.get(f"/c/{LINK}?lang=en"),
        "revoked": await client.get(f"/c/{revoked.link}"),
        "replaced": await client.get(f"/c/{replaced.link}"),
        "unknown": await client.get("/c/000000000000"),
        "wrong-code": await client.post(f"/c/{LINK}", data={"code": "wr0ng"}),
        "with-the-code": await client.post(f"/c/{LINK}", data={"code": CODE}),
        "file-valid": await scene.drop(file.content),
        "file-altered": await scene.drop(file.content + b"\n"),
        "file-not-ours": await scene.drop(paper()),
    }


@pytest.mark.timeout(300)
async def test_no_page_violates_a_rule_of_axe(
    scene: Scene, file: SignedFile, authority: Authority, site: Site, browser: Browser
) -> None:
    answers = await pages(scene, file, authority)
    urls = {name: site.keep(f"/{name}", answer) for name, answer in answers.items()}
    told = {
        f"{name} at {width}": await browser.look(url, width=width)
        for name, url in urls.items()
        for width in (390, 1280)
    }
    assert {name: page["violations"] for name, page in told.items() if page["violations"]} == {}
    for name, page in told.items():
        assert page["passes"] > 10, name
        assert page["refused"] == [], name
        assert page["enhanced"], name
        assert not page["wide"], name


async def test_what_is_wrong_with_a_page_is_seen(site: Site, browser: Browser) -> None:
    """Or the other test would say nothing."""
    html = "<html><head></head><body><img src='a.png'><script>alert(1)</script></body></html>"
    headers = {"content-type": "text/html", "content-security-policy": "default-src 'none'"}
    site.answers["/wrong"] = headers, html.encode()
    told = await browser.look(site.url("/wrong"), width=390)
    assert {"html-has-lang", "image-alt"} <= {rule for rule, _ in told["violations"]}
    assert "inline" in told["refused"]
