"""Each page in a real browser under axe: no violation, no script refused, with JavaScript or not.

A browser is not a Python package. Where there is none these tests are skipped, save where
`MOTCUA_TOOLS` says that all tools are there, as in CI.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

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
RUN = """
const refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));
window.addEventListener("load", async () => {
  const found = await axe.run();
  const told = document.createElement("pre");
  told.id = "told";
  told.textContent = JSON.stringify({
    violations: found.violations.map((each) => [each.id, each.nodes.map((node) => node.html)]),
    passes: found.passes.length,
    enhanced: document.body.classList.contains("js-enabled"),
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    refused,
  });
  document.body.append(told);
});
"""
Told = Mapping[str, object]


def missing(what: str) -> None:
    if os.environ.get("MOTCUA_TOOLS") == "required":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser() -> str:
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    if not found:
        missing("no chromium is installed: make tools, as root, installs it")
    return found[0]


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
    """Answers as the service gave them, headers and all, with axe beside each page."""

    def __init__(self, axe: str) -> None:
        script = {"Content-Type": "text/javascript"}
        self.answers = {"/axe.js": (script, axe.encode()), "/run.js": (script, RUN.encode())}
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
        content = answer.content
        if "html" in headers["content-type"]:
            scripts = b'<head><script src="/axe.js"></script><script src="/run.js"></script>'
            content = content.replace(b"<head>", scripts)
        self.answers[path] = headers, content
        return f"http://127.0.0.1:{self.server.server_port}{path}"


@pytest.fixture
async def site(scene: Scene, axe: str) -> AsyncGenerator[Site]:
    site = Site(axe)
    page = (await scene.client.get("/kiem-tra")).text
    css = (await scene.client.get("/kiem-tra/static/check.css")).text
    names = re.findall(r"static/([\w.-]+)", page) + re.findall(r'url\("?([\w.-]+)', css)
    for name in {*names, "govuk-file-upload-6.6.0.mjs"}:
        answer = await scene.client.get(f"/kiem-tra/static/{name}")
        site.keep(f"/chung-thuc/kiem-tra/static/{name}", answer)
    yield site
    site.server.shutdown()


def shown(browser: str, url: str, *, width: int) -> Told:
    """What axe and the browser say of a page."""
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--window-size={width},900", "--virtual-time-budget=5000", "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    told = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told, done.stdout[-2_000:]
    return json.loads(told[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


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
@pytest.mark.parametrize("width", [390, 1280])
async def test_no_page_violates_a_rule_of_axe(
    scene: Scene, file: SignedFile, authority: Authority, site: Site, browser: str, width: int
) -> None:
    answers = await pages(scene, file, authority)
    urls = {name: site.keep(f"/{name}", answer) for name, answer in answers.items()}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        seen = pool.map(partial(shown, browser, width=width), urls.values())
        told = dict(zip(urls, seen, strict=True))
    print({name: page["passes"] for name, page in told.items()})  # noqa: T201
    assert {name: page["violations"] for name, page in told.items() if page["violations"]} == {}
    for name, page in told.items():
        assert page["refused"] == [], name
        assert page["enhanced"], name
        assert not page["wide"], name
