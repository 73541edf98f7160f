"""Settings of notification, from `NOTIFICATION_*`."""

from datetime import timedelta
from email.utils import parseaddr
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.encryption import Keyring
from chassis.settings import ServiceSettings


def _with_address(sender: str) -> str:
    if "@" not in parseaddr(sender)[1]:
        raise ValueError("must hold an e-mail address")
    return sender


class SmtpSettings(BaseModel):
    """`NOTIFICATION_SMTP_*`: where mail is handed over."""

    host: str = Field(examples=["smtp.example.vn"])
    port: int = Field(ge=1, le=65535, examples=[587])
    username: str | None = None
    password: SecretStr | None = None
    security: Literal["when-offered", "starttls", "tls"] = "when-offered"
    timeout_seconds: float = Field(default=15, gt=0, le=300)
    connections: int = Field(default=4, ge=1, le=50)


def _nothing() -> Any:  # noqa: ANN401 - validated into the field's own type
    return {}


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="NOTIFICATION_")

    # An empty default, validated: so each missing part is told by its own name.
    smtp: SmtpSettings = Field(default_factory=_nothing, validate_default=True)
    sender: Annotated[str, AfterValidator(_with_address)] = Field(
        examples=["Một cửa điện tử <khong-tra-loi@example.vn>"]
    )
    recipients_keys: Keyring = Field(
        examples=['{"active": "k1", "keys": {"k1": "32 bytes in base64"}, "index": "…"}']
    )
    """The keys that intake encrypts contacts with."""
    portal_url: str = "https://dichvucong.gov.vn"
    """Where letters send citizens to follow, pay and download."""
    give_up_after: timedelta = timedelta(days=3)
    recipients_kept: timedelta = timedelta(days=30)
    """How long a contact is kept here after its dossier ended."""
