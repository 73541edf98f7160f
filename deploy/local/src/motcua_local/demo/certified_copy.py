"""Story c: a paper is certified once, as an e-copy that every office accepts."""

import hashlib
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

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


def check(story: Story, clerk: Person, copy_id: str, *, content: bytes) -> None:
    """Anybody checks it without an account: by the link of its QR, and by dropping the file."""
    copy = clerk.get(f"{_certification(story)}/v1/copies/{copy_id}")
    story.check_url = link = copy["checkUrl"]
    by_link = patiently(partial(http().get, link)).raise_for_status()
    story.note("a stranger", f"opened the QR's link: {by_link.status_code}", link=link)
    url = f"{_certification(story)}/v1/checks"
    headers = {"Content-Type": "application/pdf"}
    verdict = patiently(partial(http().post, url, content=content, headers=headers)).json()
    if verdict["verdict"] != "valid":
        raise LocalError(f"the check says: {verdict['verdict']}", next_step="motcua logs")
    story.note("a stranger", "dropped the file on the check: valid", link=link)


def _copy_file(story: Story) -> Path:
    return make_folder(story.scene.keepsakes) / "certified-copy.pdf"


def _certification(story: Story) -> str:
    return story.scene.service("certification")
