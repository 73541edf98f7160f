"""How a certified copy is asked for, scanned, approved and fetched."""

import json

from chaos.commands import Command, new_key
from chaos.journey import Abandoned, Journey
from chaos.papers import Upload, multipart

SHOWN = {
    "paperKind": "passport",
    "title": "Hộ chiếu",
    "requester": {"name": "Trần Văn Bình", "idNumber": "037085000202"},
    "originalSeen": True,
}


async def request_copy(journey: Journey, scan: Upload) -> str:
    """The clerk saw the original and scanned it; gives back the copy's id."""
    content, content_type = multipart({"copy": json.dumps(SHOWN).encode()}, scan)
    command = Command(
        "request-copy",
        journey.scene.people.officer,
        journey.scene.doors.certification,
        f"/v1/dossiers/{journey.id}/copies",
        {"dossierId": journey.id, "sha256": scan.sha256},
        key=new_key(),
        content=content,
        content_type=content_type,
        read=lambda answer: {"copyId": answer.json()["copyId"]},
    )
    await journey.must(command)
    copy = await journey.copy("requested", "ready")
    if copy.copy_id is None:
        raise Abandoned("request-copy: no copy")
    return copy.copy_id


async def approve(journey: Journey, copy_id: str) -> None:
    """The authorised person lets it be signed."""
    command = Command(
        "approve-copy",
        journey.scene.people.signer,
        journey.scene.doors.certification,
        f"/v1/copies/{copy_id}/signature",
        {"copyId": copy_id, "dossierId": journey.id},
        key=new_key(),
        another=b"{}",
        not_yet=frozenset({"payment-awaited", "signature-hindered"}),
    )
    await journey.must(command)


async def fetch(journey: Journey, copy_id: str) -> Upload:
    """The certified file, as the citizen downloads it."""
    question = Command(
        "fetch-copy",
        journey.citizen,
        journey.scene.doors.certification,
        f"/v1/copies/{copy_id}/file",
        {},
        method="GET",
    )
    answer = await journey.scene.courier.ask(question)
    if not answer.ok:
        raise Abandoned(f"fetch-copy: {answer.why}")
    return Upload("copy.pdf", answer.content, "application/pdf")
