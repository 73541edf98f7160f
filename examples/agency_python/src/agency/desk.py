"""The agency's own rules, and the desk that works by them. Its memory is the store."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from http.client import HTTPException
from typing import NamedTuple

from agency.store import Stage, Step, Store, Work
from motcua_contracts import agency, dossier
from motcua_contracts.agency import ResultFile
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.types import Outcome

log = logging.getLogger("agency")


class Policy(StrEnum):
    """How this agency works."""

    APPROVE = "approve"
    SUPPLEMENT_FIRST = "supplement-first"


RESULT_KINDS = {
    Policy.APPROVE: "judicial-record-certificate",
    Policy.SUPPLEMENT_FIRST: "business-registration-certificate",
}
"""What paper the agency hands out, by the procedure's own word for it."""

_OPEN = {Stage.NEW, Stage.WAITING, Stage.DECIDING}


def react(work: Work, data: EventData, policy: Policy) -> Step:
    """The step that an event asks for; the same stage and no facts when it asks for none."""
    about = {"dossier_id": work.dossier, "agency_reference": work.reference}
    match data, work.stage:
        case dossier.DossierReceived(), Stage.NEW:
            started = agency.AgencyProcessingStarted(**about)
            if policy is Policy.APPROVE:
                return Step(Stage.DECIDING, (started,))
            wanted = agency.AgencySupplementRequested(
                **about, papers_wanted=("charter",), reason_code="charter-incomplete"
            )
            return Step(Stage.WAITING, (started, wanted))
        case dossier.DossierSupplemented(), Stage.WAITING:
            return Step(Stage.DECIDING)
        case dossier.DossierWithdrawn() | dossier.DossierStopped(), stage if stage in _OPEN:
            return Step(Stage.CLOSED)
        case _:
            return Step(work.stage)


def approve(work: Work, paper: ResultFile) -> Step:
    """The decision, with the paper that the citizen will get."""
    decided = agency.AgencyDecided(
        dossier_id=work.dossier,
        agency_reference=work.reference,
        outcome=Outcome.APPROVED,
        result_papers=(paper,),
    )
    return Step(Stage.DECIDED, (decided,))


class Desk(NamedTuple):
    """Work on the dossiers of one agency."""

    store: Store
    policy: Policy
    upload: Callable[[str], ResultFile]
    """Hands the result paper with this reference to intake; blocks, may raise OSError."""
    clock: Callable[[], datetime]

    def take(self, event: Event[EventData]) -> None:
        """Take note of an event; another agency's dossier, or a repetition, changes nothing."""
        data = event.data
        if not isinstance(data, dossier.DossierEvent) or data.agency != self.store.agency:
            return
        with self.store.transaction():
            work = self.store.note(event)
            if work is not None:
                step = react(work, data, self.policy)
                self.store.record(work, step, at=self.clock())

    async def decide(self) -> None:
        """Decide what waits for it, as far as results can be uploaded now."""
        for work in self.store.undecided():
            try:
                paper = await asyncio.to_thread(self.upload, work.reference)
            except (OSError, HTTPException) as error:
                log.warning("%s waits, intake did not take its result: %s", work.reference, error)
                return  # intake is away for the others too
            with self.store.transaction():
                self.store.record(work, approve(work, paper), at=self.clock())
