"""Events of a dossier (hồ sơ), published by intake on `motcua.dossier.events.v1`."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from motcua_contracts.envelope import AboutDossier, Part
from motcua_contracts.topics import DOSSIER_EVENTS, DOSSIER_RECIPIENTS, Topic
from motcua_contracts.types import (
    AgencyCode,
    Channel,
    Code,
    Dong,
    DossierCode,
    DossierStatus,
    LegalGround,
    ObligationKind,
    Outcome,
    PaperKind,
    PersonReference,
    ProcedureCode,
    ReasonCode,
    Reference,
    ReturnMethod,
    Sha256,
    UtcDatetime,
    Uuid,
)


class Paper(Part):
    """A paper in a dossier (giấy tờ, thành phần hồ sơ)."""

    paper_id: Uuid
    """Identity of the paper; its file is fetched from intake over HTTP."""
    kind: PaperKind
    """What paper it is, as the procedure lists it."""
    sha256: Sha256
    """Digest of the file."""
    certified_copy_id: Uuid | None = None
    """The certified e-copy it is (bản sao chứng thực điện tử), when it is one."""


class ResultPaper(Part):
    """A paper of the result (giấy tờ kết quả)."""

    paper_id: Uuid
    """Identity of the paper; its file is fetched from intake over HTTP, or from certification when
    it is the certified copy of that identity."""
    kind: PaperKind
    """What paper it is, as the procedure lists it."""
    sha256: Sha256
    """Digest of the file."""


class FeeLine(Part):
    """A line of the procedure's tariff that applies to the dossier (dòng phí, lệ phí)."""

    kind: ObligationKind
    """Charge (phí) or fee (lệ phí)."""
    code: Code
    """Code of the line in the tariff."""
    amount: Dong
    """Amount in đồng, 0 when exempt."""


class Obligation(Part):
    """Money that is due (nghĩa vụ tài chính)."""

    obligation_id: Uuid
    """Identity of the obligation; a payment names the obligations it settles."""
    kind: ObligationKind
    """Charge (phí) or fee (lệ phí): each gets a receipt of its own kind."""
    amount: Dong
    """Amount in đồng."""
    due_at: UtcDatetime
    """Until when it is to be paid."""
    exemption_ground: LegalGround | None = None
    """Ground of a reduction (căn cứ miễn, giảm), when the amount was reduced."""


class DossierEvent(AboutDossier):
    """What every fact about a dossier says, so that a reader can choose without a memory."""

    topic: ClassVar[Topic | None] = DOSSIER_EVENTS

    code: DossierCode
    """Code of the dossier (mã hồ sơ), as printed on the citizen's receipt."""
    procedure_code: ProcedureCode
    """Procedure it was filed for (mã thủ tục hành chính)."""
    agency: AgencyCode
    """Agency that is competent to decide (cơ quan có thẩm quyền giải quyết)."""
    status: DossierStatus
    """National status after this event, 1 to 10."""


class DossierRegistered(DossierEvent):
    """A dossier was filed (mới đăng ký, status 1)."""

    type: ClassVar[str] = "vn.motcua.dossier.registered.v1"

    procedure_version: Annotated[int, Field(ge=1)]
    """Version of the procedure that the dossier keeps until its end."""
    intake_agency: AgencyCode
    """One-stop centre where it was filed (nơi nộp hồ sơ)."""
    channel: Channel
    """How it was filed (kênh thực hiện)."""
    applicant_id: PersonReference
    """Opaque reference to who filed it; never an identity number."""
    registered_at: UtcDatetime
    """When it was filed (ngày nộp hồ sơ)."""
    papers: tuple[Paper, ...]
    """Papers handed in."""
    fee_lines: tuple[FeeLine, ...]
    """Lines of the tariff that apply; empty when the procedure is free."""
    exemption_ground: LegalGround | None = None
    """Ground of an exemption from the fee (căn cứ miễn phí, lệ phí)."""


class DossierPaymentRequired(DossierEvent):
    """Money is due before the dossier goes on (yêu cầu thực hiện nghĩa vụ tài chính, status 6).

    Never published for a dossier that owes nothing.
    """

    type: ClassVar[str] = "vn.motcua.dossier.payment-required.v1"

    applicant_id: PersonReference
    """Opaque reference to who filed it, who may pay and see the orders."""
    obligations: Annotated[tuple[Obligation, ...], Field(min_length=1)]
    """What is due."""
    total: Annotated[Dong, Field(gt=0)]
    """Sum of the obligations in đồng."""
    intake_agency: AgencyCode | None = None
    """One-stop centre where it was filed (nơi nộp hồ sơ); its officers may take the payment."""


class DossierPaymentSettled(DossierEvent):
    """The money is there and the dossier goes on from where it waited (leaves status 6)."""

    type: ClassVar[str] = "vn.motcua.dossier.payment-settled.v1"

    order_id: Uuid
    """Payment order that settled it."""
    obligation_ids: tuple[Uuid, ...]
    """Obligations that are settled."""
    settled_at: UtcDatetime
    """When intake took note of the payment."""


class DossierReceived(DossierEvent):
    """The dossier was accepted and the legal clock starts (được tiếp nhận, status 2).

    Form 01, giấy tiếp nhận hồ sơ và hẹn trả kết quả, TT 01/2018/TT-VPCP.
    """

    type: ClassVar[str] = "vn.motcua.dossier.received.v1"

    received_at: UtcDatetime
    """When it was accepted (ngày tiếp nhận)."""
    due_at: UtcDatetime
    """When the result is due (ngày hẹn trả)."""
    unit: Code | None = None
    """Unit of the agency that it goes to."""


class DossierRefused(DossierEvent):
    """The dossier was not accepted (không được tiếp nhận, status 3).

    Form 03, phiếu từ chối tiếp nhận giải quyết hồ sơ, TT 01/2018/TT-VPCP.
    """

    type: ClassVar[str] = "vn.motcua.dossier.refused.v1"

    refused_at: UtcDatetime
    """When it was refused (ngày từ chối)."""
    reason_code: ReasonCode
    """Why."""
    legal_ground: LegalGround
    """Where the law says so."""
    document_id: Uuid | None = None
    """The refusal as a document, fetched from intake over HTTP."""


class DossierProcessingStarted(DossierEvent):
    """The competent agency took the dossier up (đang xử lý, status 4)."""

    type: ClassVar[str] = "vn.motcua.dossier.processing-started.v1"

    started_at: UtcDatetime
    """When the agency took it up."""
    unit: Code | None = None
    """Unit that handles it (đơn vị xử lý)."""
    step: Code | None = None
    """Step of the procedure that begins."""
    agency_reference: Reference | None = None
    """Number of the file in the agency's own system."""


class DossierSupplementRequested(DossierEvent):
    """Papers are missing and the legal clock stops (yêu cầu bổ sung giấy tờ, status 5).

    Form 02, phiếu yêu cầu bổ sung, hoàn thiện hồ sơ, TT 01/2018/TT-VPCP.
    """

    type: ClassVar[str] = "vn.motcua.dossier.supplement-requested.v1"

    papers_wanted: Annotated[tuple[PaperKind, ...], Field(min_length=1)]
    """Kinds of the papers that are wanted, in one list."""
    reason_code: ReasonCode
    """Why they are wanted."""
    requested_at: UtcDatetime
    """When the clock stopped."""
    note_id: Uuid | None = None
    """The request in words, fetched from intake over HTTP by those who may read it."""


class DossierSupplemented(DossierEvent):
    """The wanted papers came and the legal clock goes on (đã bổ sung, leaves status 5)."""

    type: ClassVar[str] = "vn.motcua.dossier.supplemented.v1"

    papers: tuple[Paper, ...]
    """Papers that came."""
    supplemented_at: UtcDatetime
    """When they came (ngày tiếp nhận bổ sung)."""
    clock_stopped_at: UtcDatetime | None = None
    """Start of the interval that does not count; absent before the dossier was received."""
    clock_resumed_at: UtcDatetime | None = None
    """End of the interval that does not count; absent before the dossier was received."""
    due_at: UtcDatetime | None = None
    """New date of the result (ngày hẹn trả mới); absent before the dossier was received."""


class DossierWithdrawn(DossierEvent):
    """The applicant took the dossier back (công dân yêu cầu rút hồ sơ, status 7)."""

    type: ClassVar[str] = "vn.motcua.dossier.withdrawn.v1"

    withdrawn_at: UtcDatetime
    """When."""
    reason_code: ReasonCode
    """Why."""


class DossierStopped(DossierEvent):
    """The dossier was stopped without a result (dừng xử lý, status 8).

    Form 05, thông báo dừng giải quyết hồ sơ, TT 03/2025/TT-VPCP.
    """

    type: ClassVar[str] = "vn.motcua.dossier.stopped.v1"

    stopped_at: UtcDatetime
    """When."""
    reason_code: ReasonCode
    """Why."""
    legal_ground: LegalGround | None = None
    """Where the law says so."""


class DossierCompleted(DossierEvent):
    """The agency decided and the result can be returned (đã xử lý xong, status 9)."""

    type: ClassVar[str] = "vn.motcua.dossier.completed.v1"

    outcome: Outcome
    """Granted or refused on the merits."""
    completed_at: UtcDatetime
    """End of the legal clock (ngày kết thúc xử lý)."""
    result_papers: tuple[ResultPaper, ...]
    """Papers of the result (giấy tờ kết quả)."""
    reason_code: ReasonCode | None = None
    """Why it was refused on the merits."""
    legal_ground: LegalGround | None = None
    """Where the law says so, when it was refused on the merits."""


class DossierReturned(DossierEvent):
    """The applicant has the result (đã trả kết quả, status 10)."""

    type: ClassVar[str] = "vn.motcua.dossier.returned.v1"

    returned_at: UtcDatetime
    """When (ngày trả)."""
    how: ReturnMethod
    """How (hình thức trả kết quả)."""


class DossierPaperUnproven(DossierEvent):
    """A paper of an open dossier was a certified copy and is one no longer: it was revoked or
    replaced. The officer asks for another, or for the original.
    """

    type: ClassVar[str] = "vn.motcua.dossier.paper-unproven.v1"

    paper_id: Uuid
    """Identity of the paper."""
    kind: PaperKind
    """What paper it is, as the procedure lists it."""
    certified_copy_id: Uuid
    """The certified copy that it was."""
    successor_id: Uuid | None = None
    """The certified copy that replaces it, when there is one."""
    unproven_at: UtcDatetime
    """Since when."""


class DossierDeadlineNear(DossierEvent):
    """The result is due soon (sắp đến hạn)."""

    type: ClassVar[str] = "vn.motcua.dossier.deadline-near.v1"

    due_at: UtcDatetime
    """When the result is due."""


class DossierOverdue(DossierEvent):
    """The result is late (quá hạn): an apology is owed, the result still has to come.

    Letter of apology with a new date: form 04, TT 03/2025/TT-VPCP; NĐ 61/2018.
    """

    type: ClassVar[str] = "vn.motcua.dossier.overdue.v1"

    due_at: UtcDatetime
    """When the result was due."""


class DossierRecipients(AboutDossier):
    """Who hears about the dossier, readable by notification alone; the last record counts.

    The one exception to thin events: contacts travel encrypted, so that notification works while
    intake is away. The topic is compacted, therefore sequences on it have gaps.
    """

    type: ClassVar[str] = "vn.motcua.dossier.recipients.v1"
    topic: ClassVar[Topic | None] = DOSSIER_RECIPIENTS

    recipient_id: PersonReference
    """Opaque reference to the recipient."""
    ciphertext: Annotated[
        str, StringConstraints(pattern="^[A-Za-z0-9._:=+/-]+$", max_length=16_384)
    ]
    """The contacts, encrypted with authentication."""
    key_id: Code
    """Key that opens it."""
