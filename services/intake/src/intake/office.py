"""The one-stop office: what is laid down, the same for every dossier."""

from dataclasses import dataclass
from datetime import date, datetime

from chassis.encryption import Keyring
from intake.catalogue import Catalogue
from intake.dossier import Dossier, LegalClock
from intake.procedures import Limit, Procedure
from intake.working_calendar import VIETNAM, WorkingCalendar


@dataclass(frozen=True, slots=True)
class Office:
    """Procedures, the working calendar, and the keys: `keyring` for what is kept here, `recipients`
    for the contacts that only notification can read.
    """

    catalogue: Catalogue
    calendar: WorkingCalendar
    keyring: Keyring
    recipients: Keyring

    def procedure_of(self, dossier: Dossier) -> Procedure:
        """The version that the dossier was filed under."""
        return self.catalogue.version(dossier.procedure_code, dossier.procedure_version)

    def clock_of(self, dossier: Dossier) -> LegalClock:
        """The legal clock of the dossier's procedure."""
        return self.clock(self.procedure_of(dossier).time_limit)

    def clock(self, limit: Limit) -> LegalClock:
        return LegalClock(self.calendar, limit.time_limit)


def day_in_vietnam(at: datetime) -> date:
    """The day that the law means: the one in Vietnam."""
    return at.astimezone(VIETNAM).date()
