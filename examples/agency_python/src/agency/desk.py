"""The agency's own rules, and the desk that works by them. Its memory is the store."""

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum
from http.client import HTTPException
from typing import NamedTuple

from agency.store import Store
from motcua_contracts import agency, dossier
from motcua_contracts.envelope import Event, EventData
from motcua_contracts.types import Outcome

log = logging.getLogger("agency")


class Policy(StrEnum):
    """How this agency works."""

    APPROVE = "approve"
    SUPPLEMENT_FIRST = "supplement-first"


class Desk(NamedTuple):
    """Work on the dossiers of one agency."""

    store: Store
    policy: Policy
    upload: Callable[[str], agency.ResultFile]
    """Hands the result paper with this name to intake; blocks, may raise OSError."""

    def take(self, event: Event[EventData]) -> None:
        """Take note of an event; another agency's dossier, or a repetition, changes nothing."""
        data = event.data
        if not isinstance(data, dossier.DossierEvent) or data.agency != self.store.agency:
            return
        if self.store.has_seen(event):
            return
        about = {"dossier_id": data.dossier_id, "agency_reference": data.code}
        started = agency.AgencyProcessingStarted(**about)
        # How often we spoke about the dossier tells where our work on it stands.
        match data, self.policy, self.store.answered(data.dossier_id):
            case dossier.DossierReceived(), Policy.APPROVE, 0:
                self.store.keep(event, started, undecided=True)
            case dossier.DossierReceived(), Policy.SUPPLEMENT_FIRST, 0:
                wanted = agency.AgencySupplementRequested(
                    **about, papers_wanted=("charter",), reason_code="charter-incomplete"
                )
                self.store.keep(event, started, wanted)
            case dossier.DossierSupplemented(), Policy.SUPPLEMENT_FIRST, 2:
                self.store.keep(event, undecided=True)
            case dossier.DossierWithdrawn() | dossier.DossierStopped(), _, _:
                self.store.keep(event)
            case _:
                """What else happens to a dossier asks nothing of this agency."""

    async def decide(self) -> None:
        """Decide what waits for it, as far as results can be uploaded now."""
        for event in self.store.undecided():
            reference = event.data.code
            try:
                paper = await asyncio.to_thread(self.upload, reference)
            except (OSError, HTTPException) as error:
                log.warning("%s waits, intake did not take its result: %s", reference, error)
                return  # intake is away for the others too
            decided = agency.AgencyDecided(
                dossier_id=event.subject,
                agency_reference=reference,
                outcome=Outcome.APPROVED,
                result_papers=(paper,),
            )
            self.store.keep(event, decided)
