"""Settings of intake, from the environment (`INTAKE_…`)."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, PlainValidator
from pydantic_settings import NoDecode, SettingsConfigDict

from chassis.encryption import Keyring
from chassis.settings import ServiceSettings
from intake.calendar_file import load_calendar
from intake.catalogue import Catalogue, load_catalogue
from intake.office import Office
from intake.working_calendar import WorkingCalendar

_KEYS = '{"active": "k1", "keys": {"k1": "32 bytes in base64"}, "index": "32 bytes in base64"}'


def _catalogue(folder: str | Catalogue) -> Catalogue:
    return folder if isinstance(folder, Catalogue) else load_catalogue(Path(folder))


def _calendar(file: str | WorkingCalendar) -> WorkingCalendar:
    return file if isinstance(file, WorkingCalendar) else load_calendar(Path(file))


class Settings(ServiceSettings):
    """What intake needs beyond what every service needs."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")

    files_folder: Path = Field(examples=["/var/lib/motcua/files"])
    files_most_bytes: int = Field(default=20 * 1024 * 1024, ge=1024)
    """The largest file that is taken."""
    procedures: Annotated[Catalogue, PlainValidator(_catalogue)] = Field(
        default_factory=load_catalogue
    )
    """Read from the files of a folder."""
    calendar: Annotated[WorkingCalendar, NoDecode, PlainValidator(_calendar)] = WorkingCalendar()
    """Read from a file: days off and make-up days of the province, beside the national ones."""
    encryption_keys: Keyring = Field(repr=False, examples=[_KEYS])
    """For what is kept here: form content and contacts."""
    recipients_keys: Keyring = Field(repr=False, examples=[_KEYS])
    """Shared with notification alone: for contacts on their way there."""

    def office(self) -> Office:
        return Office(self.procedures, self.calendar, self.encryption_keys, self.recipients_keys)
