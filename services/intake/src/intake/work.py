"""The unit of work of intake."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chassis.clock import uuid7
from chassis.encryption import Tampered, UnknownKey
from chassis.work import Transaction, Work
from intake import metrics
from intake.dossier import Change, Dossier, Remark
from intake.models import DossierRow, File, Paper, Part
from intake.office import Office
from intake.refusals import UnknownDossier
from intake.repository import CertifiedCopies, Dossiers, Files, Papers
from intake.sealing import Contact, open_contact, recipients
from motcua_contracts.certification import (
    CertificationCopyReplaced,
    CertificationCopyRevoked,
    CertificationEvent,
)
from motcua_contracts.dossier import Paper as PaperFact
from motcua_contracts.dossier import ResultPaper
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.types import PaperKind

COPY_ENDS = (CertificationCopyRevoked, CertificationCopyReplaced)


class Recognised(NamedTuple):
    """A file that is handed in as a paper of a kind, and the certified copy that it is."""

    kind: PaperKind
    file: File
    certified_copy_id: str | None = None


class IntakeWork(Work):
    """The dossier's row is the lock under which everything about it is decided."""

    def __init__(self, transaction: Transaction, *, office: Office) -> None:
        super().__init__(transaction)
        self.office = office
        self.files = self.repository(Files)
        self.dossiers = self.repository(Dossiers)
        self.copies = self.repository(CertifiedCopies)
        self.papers = self.repository(Papers)

    async def preload(self, events: Sequence[Event[EventData]]) -> None:
        facts = [event.data for event in events]
        copies = [fact.copy_id for fact in facts if isinstance(fact, CertificationEvent)]
        await self.copies.load(copies)
        ended = {fact.sha256 for fact in facts if isinstance(fact, COPY_ENDS)}
        # After the copies: a filing that still counted on one of them is committed by now.
        concerned = await self.papers.load_in_open_dossiers(ended) if ended else set[str]()
        await self.dossiers.load({event.subject for event in events} | concerned)

    async def dossier(self, dossier_id: str) -> Dossier:
        """The dossier to decide about, locked; raises `UnknownDossier`."""
        row = await self.dossiers.find(dossier_id)
        if row is None:
            raise UnknownDossier
        return row.value()

    async def recognise(self, papers: Iterable[tuple[PaperKind, File]]) -> list[Recognised]:
        """What is a valid certified copy among papers to be handed in is known by its digest: no
        original is asked for it.
        """
        papers = list(papers)
        copies = await self.copies.proving({file.sha256 for _, file in papers})
        return [Recognised(kind, file, copies.get(file.sha256)) for kind, file in papers]

    def hand_in(
        self, dossier_id: str, papers: Iterable[Recognised], *, part: Part
    ) -> list[PaperFact]:
        """Add what the applicant hands in."""
        kept = [self._paper(dossier_id, paper, part=part) for paper in papers]
        return [paper.fact() for paper in kept]

    def keep_result(self, dossier_id: str, result: ResultPaper, file: File) -> None:
        """Add a paper of the result that an agency uploaded."""
        paper = Recognised(result.kind, file)
        self._paper(dossier_id, paper, part=Part.RESULT, paper_id=result.paper_id)

    def keep_certified(self, dossier_id: str, result: ResultPaper) -> None:
        """Add the certified copy that the dossier asked for. Its file lies at certification."""
        self.papers.add(
            Paper(
                id=result.paper_id,
                dossier_id=dossier_id,
                file_id=None,
                kind=result.kind,
                part=Part.RESULT,
                sha256=result.sha256,
                media_type="application/pdf",
                added_at=self.now,
                certified_copy_id=result.paper_id,
            )
        )

    def _paper(
        self, dossier_id: str, paper: Recognised, *, part: Part, paper_id: str | None = None
    ) -> Paper:
        row = Paper(
            id=paper_id or str(uuid7()),
            dossier_id=dossier_id,
            file_id=paper.file.id,
            kind=paper.kind,
            part=part,
            sha256=paper.file.sha256,
            media_type=paper.file.media_type,
            added_at=self.now,
            certified_copy_id=paper.certified_copy_id,
        )
        self.papers.add(row)
        return row

    def tell_recipients(self, row: DossierRow, contact: Contact) -> None:
        """Say to notification, and to nobody else, who hears about the dossier."""
        shared = self.office.recipients
        self.announce(recipients(shared, row.id, contact, applicant_id=row.applicant_id))

    async def repeat_recipients(self, dossier_id: str) -> None:
        """Say it again: notification deletes the contacts of a dossier that ended long ago, and
        the applicant is to hear of something all the same.
        """
        row = await self.dossiers.find(dossier_id)
        if row is None:
            return
        try:
            contact = open_contact(self.office.keyring, row.id, row.contact)
        except (UnknownKey, Tampered):
            self.remark(Remark.CONTACT_UNREADABLE)
        else:
            self.tell_recipients(row, contact)

    async def record(self, change: Change) -> Change:
        """Keep what was decided, and announce its facts in their order."""
        row = await self.dossiers.get(change.dossier.id)
        row.take(change.dossier)
        for fact in change.facts:
            self.announce(fact)
            self.count(metrics.FACTS.labels(fact.procedure_code, fact.type.split(".")[3]))
        if change.remark is not None:
            self.remark(change.remark)
        return change

    def remark(self, remark: Remark) -> None:
        """Count why nothing came of something."""
        self.count(metrics.REMARKS.labels(remark))
