"""Events of an agency's own system, published on `motcua.agency.<code>.decisions.v1`."""

from typing import Annotated, ClassVar

from pydantic import Field

from motcua_contracts.envelope import AboutDossier, Part
from motcua_contracts.topics import Topic
from motcua_contracts.types import (
    Code,
    LegalGround,
    Outcome,
    PaperKind,
    ReasonCode,
    Reference,
    Sha256,
    Uuid,
)


class ResultFile(Part):
    """A paper of the result (giấy tờ kết quả) that the agency uploaded to intake over HTTP."""

    kind: PaperKind
    """What paper it is, as the procedure lists it."""
    file_id: Uuid
    """Identity of the uploaded file, as intake answered."""
    sha256: Sha256
    """Digest of the file; intake refuses a decision whose digest differs."""


class AgencyEvent(AboutDossier):
    """What every fact from an agency says. Its topic is `topics.agency_decisions(code)`."""

    topic: ClassVar[Topic | None] = None

    agency_reference: Reference
    """Number of the file in the agency's own system."""


class AgencyProcessingStarted(AgencyEvent):
    """The agency took the dossier up (đang xử lý)."""

    type: ClassVar[str] = "vn.motcua.agency.processing-started.v1"

    unit: Code | None = None
    """Unit that handles it (đơn vị xử lý)."""
    step: Code | None = None
    """Step of the procedure that begins."""


class AgencySupplementRequested(AgencyEvent):
    """The agency needs more papers (yêu cầu bổ sung giấy tờ); one list, once."""

    type: ClassVar[str] = "vn.motcua.agency.supplement-requested.v1"

    papers_wanted: Annotated[tuple[PaperKind, ...], Field(min_length=1)]
    """Kinds of the papers that are wanted."""
    reason_code: ReasonCode
    """Why they are wanted."""


class AgencyDecided(AgencyEvent):
    """The agency decided (đã có kết quả giải quyết).

    Intake asks for a result paper with an approval, and for reason and legal ground with a refusal.
    """

    type: ClassVar[str] = "vn.motcua.agency.decided.v1"

    outcome: Outcome
    """Granted or refused on the merits."""
    result_papers: tuple[ResultFile, ...]
    """Papers of the result."""
    reason_code: ReasonCode | None = None
    """Why it was refused."""
    legal_ground: LegalGround | None = None
    """Where the law says so, when it was refused."""
