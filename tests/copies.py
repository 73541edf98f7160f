"""A copy on its way: asked for, scanned at the counter, paid, approved."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from motcua_local.demo.certified_copy import NOT_YET, SCAN
from motcua_local.demo.people import http
from motcua_local.demo.stories import COPY_FORM, SIGNER
from tests.applicants import CONTACT, Applicant, Doors, Json, minted
from tests.eventually import eventually

COPIED: Json = {
    "paperKind": "passport",
    "title": "Hộ chiếu",
    "requester": {"name": "Nguyễn Thị Đào", "idNumber": "037190000101"},
    "originalSeen": True,
}


@dataclass(frozen=True)
class AskedCopy:
    """A copy in its dossier, and the people who have to do with it."""

    doors: Doors
    applicant: Applicant
    dossier_id: str
    code: str
    copy_id: str

    @property
    def url(self) -> str:
        return f"{self.doors.certification}/v1/copies/{self.copy_id}"

    def read(self) -> Json:
        return self.applicant.doors.officer.get(self.url)

    def is_ready(self) -> None:
        """Paid, and received by intake."""
        self.applicant.pay(self.dossier_id)
        self.wait_for("ready")

    def approve(self) -> None:
        """The authorised person lets it be signed."""
        signer = minted(self.doors.endpoints, person=SIGNER)
        headers = {"Idempotency-Key": str(uuid4())}
        signer.send("POST", f"{self.url}/signature", headers=headers, again=NOT_YET)

    def wait_for(self, state: str) -> Json:
        def reached() -> Json | None:
            copy = self.read()
            return copy if copy["state"] == state else None

        return eventually(reached, what=f"a copy that is {state}")


def asked(
    doors: Doors, *, contact: Json = CONTACT, copied: Json = COPIED, scan: bytes | None = None
) -> AskedCopy:
    """A citizen asks for a copy, and a clerk scans the original."""
    applicant = Applicant(doors, doors.citizen())
    filed = applicant.file(
        {"procedureCode": "2.000815", "form": COPY_FORM, "contact": contact, "papers": []}
    )
    parts = {
        "copy": (None, json.dumps(copied), "application/json"),
        "scan": ("scan.pdf", scan or SCAN.read_bytes(), "application/pdf"),
    }
    made = doors.officer.send(
        "POST",
        f"{doors.certification}/v1/dossiers/{filed['dossierId']}/copies",
        files=parts,
        headers={"Idempotency-Key": str(uuid4())},
        again=NOT_YET,
    ).json()
    return AskedCopy(doors, applicant, filed["dossierId"], filed["code"], made["copyId"])


def misbehave(trust: str, *faults: dict[str, Any]) -> None:
    """What goes wrong at the simulated authority from now on; nothing, without faults."""
    http().put(f"{trust}/_faults", json=list(faults)).raise_for_status()
