"""A register with copies in it, and the public check of it over HTTP."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2

from certification.check_files import FileChecks
from certification.check_routes import check_routes
from certification.copy_files import CopyFiles
from certification.domain import CopyState
from certification.models import Copy, Dossier, SigningCertificate
from certification.public_check import PublicCheck
from certification.rate_limit import CheckSettings
from certification.sealing import Request, Sealing
from certification.work import CertificationWork, Office, Signatory
from chassis.app import Service
from chassis.clock import uuid7
from documents.store import FileStore
from motcua_contracts.types import SignatureLevel, SignerRole

from .signed_copies import Authority, paper, signed

PUBLIC_URL = "https://motcua.test/chung-thuc"
SIGNER = "subject-of-the-signer"
TITLE = "Bằng tốt nghiệp <b>loại giỏi</b>"
REQUESTER = "Trần Văn <script>Bình</script>"
CODE = "abcd1234"

OFFICE = Office(
    agency="H42.10",
    name="Sở Tư pháp tỉnh Khánh Hòa",
    place="Nha Trang",
    book="SCT-BS",
    public_url=PUBLIC_URL,
    template="test/1",
    level=SignatureLevel.B_LTA,
    signers={SIGNER: Signatory("person", "Nguyễn Thị Ngọc Ánh", "Trưởng phòng")},
    clerk_may_sign=False,
)


@dataclass(frozen=True)
class SignedFile:
    """The bytes of a copy, and the link that its maker put into it."""

    content: bytes
    link: str
    signed_at: datetime

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


async def signed_file(
    authority: Authority, link: str, *, level: SignatureLevel = SignatureLevel.B_LTA
) -> SignedFile:
    """Signed once in a run of the tests, which takes half a second."""
    wanted = authority, link, level
    if wanted not in _SIGNED:
        content = await signed(paper(link=OFFICE.check_url(link)), authority, level=level)
        _SIGNED[wanted] = SignedFile(content, link, datetime.now(UTC))
    return _SIGNED[wanted]


_SIGNED: dict[tuple[Authority, str, SignatureLevel], SignedFile] = {}


class Scene:
    def __init__(
        self,
        service: Service[CertificationWork],
        folder: Path,
        authority: Authority,
        sealing: Sealing,
        limits: CheckSettings,
    ) -> None:
        self.authority = authority
        self.sealing = sealing
        self.service = service
        self.files = CopyFiles(folder, FileStore.open(folder, most_bytes=1024))
        roots = folder / "roots.pem"
        roots.write_bytes(authority.pem())
        self.roots = roots
        self.file_checks = FileChecks(roots, check_url=OFFICE.check_url(""))
        self.check = PublicCheck(service, self.file_checks, office=OFFICE, sealing=sealing)
        service.route(*check_routes(self.check, self.files, limits))
        transport = httpx2.ASGITransport(service.http)
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://certification.test")

    async def add(self, file: SignedFile, state: CopyState, **other: object) -> Copy:
        """A copy as it stands in the register; `other` overrides what is usual."""
        copy_id, now = str(uuid7()), datetime.now(UTC)
        dossier = Dossier(id=str(uuid7()), code="D", applicant_id="a", agency="so-tu-phap")
        request = Request(name=REQUESTER, id_number="079090000001", title=TITLE)
        copy = Copy.model_validate(
            {
                "id": copy_id,
                "dossier_id": dossier.id,
                "agency": dossier.agency,
                "paper_kind": "bang-tot-nghiep",
                "state": state,
                "requested_at": now,
                "changed_at": now,
                "clerk": "clerk",
                "scan_sha256": "0" * 64,
                "scan_parts": [],
                "clean_sha256": "1" * 64,
                "pages": 3,
                "fee": 5_000,
                "request": self.sealing.seal_request(copy_id, request),
                "requester_index": self.sealing.requester_index(request.id_number),
                "approved_at": now,
                "signer": SIGNER,
                "book": "SCT-BS",
                "year": 2026,
                "number": 127,
                "template": "test/1",
                "attested": OFFICE.attested(OFFICE.signers[SIGNER], file.link),
                "signing_key": OFFICE.signers[SIGNER].key,
                "person_certificate": self.authority.person.fingerprint,
                "seal_certificate": self.authority.seal.fingerprint,
                "link": file.link,
                "code": self.sealing.seal_code(copy_id, CODE),
                "code_index": self.sealing.code_index(copy_id, CODE),
                "prepared_sha256": "2" * 64,
                "sha256": file.sha256,
                "signed_at": file.signed_at,
                "level": SignatureLevel.B_LTA,
                "certified_at": now,
                "correlation_id": "c",
                "traceparent": "t",
                **other,
            }
        )
        async with self.service.transaction() as work:
            work.dossiers.add(dossier)
            work.copies.add(copy)
            await self._use(work)
        if copy.sha256 == file.sha256:
            self.files.path(file.sha256).write_bytes(file.content)
        return copy

    async def ask(self, content: bytes) -> httpx2.Response:
        return await self.client.post("/v1/checks", content=content)

    async def verdict(self, content: bytes) -> str:
        answer = await self.ask(content)
        assert answer.status_code == 200, answer.text
        return answer.json()["verdict"]

    async def drop(self, content: bytes, *, name: str = "ban-sao.pdf") -> httpx2.Response:
        return await self.client.post(
            "/kiem-tra", files={"tep": (name, content, "application/pdf")}
        )

    async def _use(self, work: CertificationWork) -> None:
        """Both certificates have signed for this register."""
        for role, who in (
            (SignerRole.AUTHORISED_PERSON, self.authority.person),
            (SignerRole.AGENCY_SEAL, self.authority.seal),
        ):
            if not await work.certificates.known([who.fingerprint]):
                work.certificates.add(
                    SigningCertificate(
                        fingerprint=who.fingerprint, role=role, first_used_at=work.now
                    )
                )
