"""What certification says of a copy, and what becomes of dossiers by it."""

import hashlib
from typing import Any
from uuid import uuid4

from documents.testing import pdf
from motcua_contracts.certification import (
    CertificationCopyCertified,
    CertificationCopyRefused,
    CertificationCopyReplaced,
    CertificationCopyRequested,
    CertificationCopyRevoked,
)
from motcua_contracts.dossier import FeeLine
from motcua_contracts.types import ObligationKind, SignatureLevel, SignerRole

from .scene import BINH, MORNING, Json, Person, Scene

FILE, ANOTHER = pdf(), pdf(linearize=True)
"""They stand for signed files: intake knows those by their digest alone."""
SHA256 = hashlib.sha256(FILE).hexdigest()
ANOTHERS_SHA256 = hashlib.sha256(ANOTHER).hexdigest()


class Copy:
    """One copy, as certification tells of it."""

    def __init__(self, dossier_id: str, sha256: str = SHA256) -> None:
        self.about: Json = {"dossier_id": dossier_id, "copy_id": str(uuid4())}
        self.id: str = self.about["copy_id"]
        self.sha256 = sha256

    def requested(self, amount: int = 5_000) -> CertificationCopyRequested:
        return CertificationCopyRequested(
            **self.about,
            paper_kind="passport",
            pages=3,
            scan_sha256="5" * 64,
            fee_line=FeeLine(
                kind=ObligationKind.CHARGE, code="phi-chung-thuc-ban-sao", amount=amount
            ),
        )

    def certified(self) -> CertificationCopyCertified:
        return CertificationCopyCertified(
            **self.about,
            paper_kind="passport",
            book="SCT-BS",
            year=2026,
            register_number=17,
            signer_roles=tuple(SignerRole),
            sha256=self.sha256,
            signed_at=MORNING,
            level=SignatureLevel.B_LTA,
            pages=3,
            fee=5_000,
        )

    def refused(self, reason: str = "original-erased") -> CertificationCopyRefused:
        return CertificationCopyRefused(**self.about, reason_code=reason)

    def revoked(self, **changes: Any) -> CertificationCopyRevoked:
        fact: Json = {
            **self.about,
            "sha256": self.sha256,
            "reason_code": "original-forged",
            "revoked_at": MORNING,
        }
        return CertificationCopyRevoked(**fact | changes)

    def replaced(self, successor: "Copy") -> CertificationCopyReplaced:
        return CertificationCopyReplaced(
            **self.about,
            sha256=self.sha256,
            successor_id=successor.id,
            reason_code="scan-unreadable",
            replaced_at=MORNING,
        )


async def requested(scene: Scene) -> Copy:
    """Somebody showed an original: the fee is due."""
    copy = Copy(await scene.copy_asked())
    await scene.certify(copy.requested())
    return copy


async def paid(scene: Scene) -> Copy:
    """The same, paid, and so received."""
    copy = await requested(scene)
    await scene.pay(copy.about["dossier_id"])
    return copy


async def certified(scene: Scene) -> Copy:
    """The same, signed: `FILE` is a certified copy."""
    copy = await paid(scene)
    await scene.certify(copy.certified())
    return copy


async def company_filing(scene: Scene, person: Person = BINH, content: bytes = FILE) -> Json:
    """A company is to be registered; the identity of its owner is proven by a certified copy."""
    filing = await scene.company_filing(person)
    file = await scene.uploaded(person, content, "copy.pdf")
    filing["papers"][1] = {"kind": "owner-identity", "fileId": file["fileId"]}
    return filing


async def filed_with(scene: Scene, content: bytes = FILE) -> str:
    """That is filed; gives back the dossier's id."""
    filing = await company_filing(scene, content=content)
    answer = await scene.post(BINH, "/v1/dossiers", filing)
    assert answer.status_code == 201, answer.text
    return answer.json()["dossierId"]


async def owners_identity(scene: Scene, dossier_id: str) -> Json:
    """The paper in question, as the dossier shows it."""
    [paper] = [
        paper
        for paper in (await scene.dossier(dossier_id, BINH))["papers"]
        if paper["kind"] == "owner-identity"
    ]
    return paper
