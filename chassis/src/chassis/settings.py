"""Settings from the environment, and one message that names everything wrong with them.

A service's own settings carry its prefix (`PAYMENT_DATABASE_URL`), Kafka's and the issuer's do not
(`KAFKA_USERNAME`, `OIDC_ISSUER`).
"""

import ssl
import sys
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

S = TypeVar("S", bound=BaseSettings)

_UNPREFIXED = ("kafka", "oidc")


def _for_asyncpg(url: str) -> str:
    scheme, found, rest = url.partition("://")
    if not found or scheme not in ("postgresql", "postgres", "postgresql+asyncpg"):
        raise ValueError("must begin with postgresql://")
    return f"postgresql+asyncpg://{rest}"


PostgresUrl = Annotated[str, AfterValidator(_for_asyncpg)]
"""Accepts postgresql:// and postgresql+asyncpg://, gives the latter. Holds the password."""


class KafkaSettings(BaseModel):
    """How to reach Kafka, and as whom."""

    bootstrap_servers: str = Field(examples=["kafka-1:9092,kafka-2:9092"])
    security_protocol: Literal["SASL_PLAINTEXT", "SASL_SSL"] = "SASL_SSL"
    sasl_mechanism: Literal["SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str = Field(examples=["payment"])
    password: SecretStr = Field(examples=["the password of that user"])
    ca_file: str | None = Field(default=None, examples=["/etc/motcua/kafka-ca.pem"])
    session_seconds: int = Field(default=30, ge=6, le=300)
    """After how long a consumer that was killed is given up, and its partitions go to another. The
    heartbeat shares the event loop: much less, and a busy machine loses members that are well.
    """

    def ssl_context(self) -> ssl.SSLContext:
        """Trusts the authorities in `ca_file`, or those of the system."""
        return ssl.create_default_context(cafile=self.ca_file)


class OidcSettings(BaseModel):
    """Whose tokens are believed, and which."""

    issuer: str = Field(examples=["https://identity.example.vn"])
    audience: str = Field(examples=["motcua"])
    algorithms: tuple[Literal["ES256", "RS256"], ...] = Field(
        default=("ES256", "RS256"), min_length=1
    )
    leeway_seconds: int = Field(default=30, ge=0, le=300)


def _nothing() -> Any:  # noqa: ANN401 - validated into the field's own type
    return {}


class ServiceSettings(BaseSettings):
    """What every service needs. A subclass sets its `env_prefix` and adds its own."""

    model_config = SettingsConfigDict(
        env_nested_delimiter="_", env_nested_max_split=1, extra="ignore", hide_input_in_errors=True
    )

    database_url: PostgresUrl = Field(
        repr=False, examples=["postgresql://payment:password@db:5432/payment"]
    )
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65535, examples=[8080])
    grace_seconds: int = Field(default=20, ge=1)
    """How long a stop may take: finish what is in hand, commit, flush."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # Empty defaults, validated: so each missing part is told by its own name.
    kafka: KafkaSettings = Field(default_factory=_nothing, validate_default=True, alias="kafka")
    oidc: OidcSettings = Field(default_factory=_nothing, validate_default=True, alias="oidc")


def load(settings: type[S]) -> S:
    """Read `settings` from the environment; if they are wrong, say all of it once and exit with 2.

    No value is repeated, since any may be a secret.
    """
    try:
        return settings()
    except ValidationError as error:
        wrong = [_explained(settings, each) for each in error.errors(include_input=False)]
    except SettingsError as error:
        wrong = [f"{error}: it must be JSON"]
    sys.stderr.write("\n  ".join(["These settings are missing or wrong:", *wrong]) + "\n")
    sys.exit(2)


def _explained(settings: type[BaseSettings], error: ErrorDetails) -> str:
    names = [part for part in error["loc"] if isinstance(part, str)]
    field = _field(settings, names)
    prefix = "" if names[0] in _UNPREFIXED else settings.model_config.get("env_prefix", "")
    why = "is missing" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")
    example = f"; for example {field.examples[0]}" if field and field.examples else ""
    return f"{prefix}{'_'.join(names)}".upper() + f": {why}{example}"


def _field(model: type[BaseModel], names: list[str]) -> FieldInfo | None:
    field = model.model_fields.get(names[0])
    inner = field.annotation if field else None
    if len(names) > 1 and isinstance(inner, type) and issubclass(inner, BaseModel):
        return _field(inner, names[1:])
    return field
