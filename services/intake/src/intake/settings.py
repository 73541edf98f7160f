"""Settings of intake, from the environment (`INTAKE_…`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.encryption import Keyring
from chassis.settings import ServiceSettings
from intake.calendar_file import load_calendar
from intake.catalogue import SHIPPED, load_catalogue
from intake.office import Office
from intake.working_calendar import WorkingCalendar

_KEYS = '{"active": "k1", "keys": {"k1": "32 bytes in base64"}, "index": "32 bytes in base64"}'


class Settings(ServiceSettings):
    """What intake needs beyond what every service needs."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    files_folder: Path = Field(examples=["/var/lib/motcua/files"])
    files_most_bytes: int = Field(default=20 * 1024 * 1024, ge=1024)
    """The largest file that is taken."""
    procedures_folder: Path = SHIPPED
    calendar_file: Path | None = None
    """Days off and make-up days of the province, beside the national ones."""
    encryption_keys: Keyring = Field(repr=False, examples=[_KEYS])
    """For what is kept here: form content and contacts."""
    recipients_keys: Keyring = Field(repr=False, examples=[_KEYS])
    """Shared with notification alone: for contacts on their way there."""

    def office(self) -> Office:
        """Raises `UnusableFile` naming the procedure or calendar file that is wrong."""
        calendar = load_calendar(self.calendar_file) if self.calendar_file else WorkingCalendar()
        return Office(
            load_catalogue(self.procedures_folder),
            calendar,
            self.encryption_keys,
            self.recipients_keys,
        )
