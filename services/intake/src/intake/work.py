"""The unit of work of intake."""

from collections.abc import Sequence

from chassis.clock import uuid7
from chassis.work import Transaction, Work
from intake import metrics
from intake.dossier import Change, Dossier
from intake.models import File, Paper, Part
from intake.office import Office
from intake.refusals import UnknownDossier
from intake.repository import Dossiers, Files, Papers
from motcua_contracts.envelope import Event, EventData


class IntakeWork(Work):
    """The dossier's row is the lock under which everything about it is decided."""

    def __init__(self, transaction: Transaction, *, office: Office) -> None:
        super().__init__(transaction)
        self.office = office
        self.files = self.repository(Files)
        self.dossiers = self.repository(Dossiers)
        self.papers = self.repository(Papers)

    async def preload(self, events: Sequence[Event[EventData]]) -> None:
        await self.dossiers.load({event.subject for event in events})

    async def dossier(self, dossier_id: str) -> Dossier:
        """The dossier to decide about, locked; raises `UnknownDossier`."""
        row = await self.dossiers.find(dossier_id)
        if row is None:
            raise UnknownDossier
        return row.value()

    def keep_paper(
        self,
        dossier_id: str,
        file: File,
        *,
        kind: str,
        part: Part,
        paper_id: str | None = None,
    ) -> Paper:
        """Add a paper to a dossier."""
        paper = Paper(
            id=paper_id or str(uuid7()),
            dossier_id=dossier_id,
            file_id=file.id,
            kind=kind,
            part=part,
            sha256=file.sha256,
            media_type=file.media_type,
            added_at=self.now,
        )
        self.papers.add(paper)
        return paper

    async def record(self, change: Change) -> Change:
        """Keep what was decided, and announce its facts in their order."""
        row = await self.dossiers.get(change.dossier.id)
        row.take(change.dossier)
        for fact in change.facts:
            self.announce(fact)
            self.count(metrics.FACTS.labels(fact.procedure_code, fact.type.split(".")[3]))
        if change.remark is not None:
            self.count(metrics.REMARKS.labels(change.remark))
        return change
