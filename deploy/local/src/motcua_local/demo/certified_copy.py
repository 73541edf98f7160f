"""Story c: a paper is certified once, as an e-copy that every office accepts."""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from httpx2 import Response
from pypdfium2 import PdfDocument
from zxingcpp import read_barcodes

from motcua_contracts.dossier import Paper
from motcua_local.demo.people import Person, http, patiently
from motcua_local.demo.story import Story
from motcua_local.errors import LocalError
from motcua_local.folders import make_folder, write_secret

SCAN = Path(__file__).parent / "passport-scan.pdf"
"""Three coloured pages of an invented passport, as a scanner gives them."""

NOT_YET = frozenset({404, 409, 503})
"""What a service answers that has not heard yet of what happened at another."""


def scan_original(story: Story, clerk: Person) -> str:
    """The clerk sees the original and scans it; gives back the copy's id."""
    copy = {
        "paperKind": "passport",
        "title": "Hộ chiếu",
        "requester": {"name": "Trần Văn Bình", "idNumber": "037085000202"},
        "originalSeen": True,
    }
    parts = {
        "copy": (None, json.dumps(copy), "application/json"),
        "scan": ("ho-chieu.pdf", SCAN.read_bytes(), "application/pdf"),
    }
    url = f"{_certification(story)}/v1/dossiers/{story.dossier_id}/copies"
    made = clerk.send(
        "POST", url, files=parts, headers={"Idempotency-Key": str(uuid4())}, again=NOT_YET
    ).json()
    story.see("certification.copy-requested", clerk.key, "saw the original and scanned its pages")
    return made["copyId"]


def sign(story: Story, signer: Person, copy_id: str) -> None:
    """The authorised person lets the copy be signed."""
    url = f"{_certification(story)}/v1/copies/{copy_id}/signature"
    signer.send("POST", url, headers={"Idempotency-Key": str(uuid4())}, again=NOT_YET)
    story.note(signer.key, "approved the copy")


def fetch(story: Story, citizen: Person, copy_id: str) -> bytes:
    """The citizen downloads the certified copy: the very bytes that the event tells of."""
    certified: Any = story.see(
        "certification.copy-certified", "certification", "two signatures are on it"
    ).data
    url = f"{_certification(story)}/v1/copies/{copy_id}/file"
    content = citizen.send("GET", url).content
    if hashlib.sha256(content).hexdigest() != certified.sha256:
        raise LocalError("the downloaded copy is not the certified one", next_step="motcua logs")
    number = f"{certified.register_number}/{certified.year}"
    story.note(citizen.key, f"downloaded the certified copy, number {number}, {certified.level}")
    write_secret(_copy_file(story), content)
    return content


def kept(story: Story) -> bytes:
    """The copy that story c left."""
    try:
        return _copy_file(story).read_bytes()
    except FileNotFoundError as error:
        raise LocalError(
            "there is no certified copy yet", next_step="tell story c first: motcua story c"
        ) from error


def recognised(story: Story, papers: Sequence[Paper]) -> None:
    """Intake knew the copy by its digest: nobody asks for the original."""
    proven = [paper.kind for paper in papers if paper.certified_copy_id]
    if proven != ["owner-identity"]:
        raise LocalError(f"proven by a certified copy: {proven}", next_step="motcua logs intake")
    story.note("intake", "recognised the certified copy: no original is asked for")


def check(story: Story, content: bytes) -> None:
    """Anybody checks it without an account: by its QR code, and by dropping the file."""
    story.check_url = link = read_qr(content)
    patiently(partial(http().get, link)).raise_for_status()
    checks = f"{_certification(story)}/v1/checks"
    _require_valid(partial(http().get, f"{checks}/{link.rpartition('/')[2]}"))
    story.note("a stranger", "opened the link of the QR code: valid", link=link)
    headers = {"Content-Type": "application/pdf"}
    _require_valid(partial(http().post, checks, content=content, headers=headers))
    story.note("a stranger", "dropped the file on the check: valid", link=link)


def read_qr(content: bytes) -> str:
    """What the QR code says that is drawn on the last page."""
    with closing(PdfDocument(content)) as copy:
        page = copy[len(copy) - 1].render(scale=2).to_pil()
    texts = [code.text for code in read_barcodes(page)]
    if len(texts) != 1:
        raise LocalError(f"{len(texts)} QR codes on the copy", next_step="look at it")
    return texts[0]


def _require_valid(ask: Callable[[], Response]) -> None:
    # 429: others at this address ask, too, and are asked to come again.
    verdict = patiently(ask, again={429, 503}).raise_for_status().json()["verdict"]
    if verdict != "valid":
        raise LocalError(f"the check says: {verdict}", next_step="motcua logs certification")


def _copy_file(story: Story) -> Path:
    return make_folder(story.scene.keepsakes) / "certified-copy.pdf"


def _certification(story: Story) -> str:
    return story.scene.service("certification")
