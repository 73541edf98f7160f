import os
import ssl
from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.settings import KafkaSettings, ServiceSettings, load

COMPLETE = {
    "TRIAL_DATABASE_URL": "postgresql://trial:db-secret@db:5432/trial",
    "TRIAL_HTTP_PORT": "8080",
    "TRIAL_SIGNING_SECRET": "signing-secret",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "KAFKA_USERNAME": "trial",
    "KAFKA_PASSWORD": "kafka-secret",
    "OIDC_ISSUER": "https://identity.example.vn",
    "OIDC_AUDIENCE": "motcua",
}


class TrialSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TRIAL_")

    signing_secret: SecretStr = Field(examples=["32 random letters"])
    files_folder: Path = Path("files")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith(("TRIAL_", "KAFKA_", "OIDC_")):
            monkeypatch.delenv(name)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refused(capsys: pytest.CaptureFixture[str]) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        load(TrialSettings)
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()


def test_settings_come_from_the_environment_under_their_own_prefix():
    settings = load(TrialSettings)
    assert settings.database_url == "postgresql+asyncpg://trial:db-secret@db:5432/trial"
    assert (settings.http_host, settings.http_port, settings.grace_seconds) == (
        "127.0.0.1",
        8080,
        20,
    )
    assert settings.kafka.bootstrap_servers == "kafka:9092"
    assert settings.kafka.password.get_secret_value() == "kafka-secret"
    assert settings.kafka.session_seconds == 30
    assert settings.oidc.algorithms == ("ES256", "RS256")


def test_the_drivers_own_url_is_accepted_too(environment: pytest.MonkeyPatch):
    environment.setenv("TRIAL_DATABASE_URL", "postgresql+asyncpg://trial:pw@db/trial")
    assert load(TrialSettings).database_url == "postgresql+asyncpg://trial:pw@db/trial"


def test_no_secret_shows_when_settings_are_printed():
    assert "secret" not in repr(load(TrialSettings)).replace("signing_secret", "")


def test_one_message_names_everything_that_is_missing_with_an_example(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in COMPLETE:
        environment.delenv(name)
    assert refused(capsys) == [
        "These settings are missing or wrong:",
        "  TRIAL_DATABASE_URL: is missing; for example postgresql://payment:password@db:5432/payment",
        "  TRIAL_HTTP_PORT: is missing; for example 8080",
        "  KAFKA_BOOTSTRAP_SERVERS: is missing; for example kafka-1:9092,kafka-2:9092",
        "  KAFKA_USERNAME: is missing; for example payment",
        "  KAFKA_PASSWORD: is missing; for example the password of that user",
        "  OIDC_ISSUER: is missing; for example https://identity.example.vn",
        "  OIDC_AUDIENCE: is missing; for example motcua",
        "  TRIAL_SIGNING_SECRET: is missing; for example 32 random letters",
    ]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TRIAL_DATABASE_URL", "mysql://u:canary@h/d", "must begin with postgresql://"),
        ("TRIAL_HTTP_PORT", "canary", "should be a valid integer"),
        ("TRIAL_HTTP_PORT", "70000", "less than or equal to 65535"),
        ("KAFKA_SECURITY_PROTOCOL", "canary", "should be 'SASL_PLAINTEXT' or 'SASL_SSL'"),
        ("OIDC_ALGORITHMS", '["canary"]', "should be 'ES256' or 'RS256'"),
        ("OIDC_ALGORITHMS", "[]", "at least 1 item"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    told: str,
):
    environment.setenv(name, value)
    message = "\n".join(refused(capsys))
    assert f"{name}: " in message
    assert told in message
    assert "canary" not in message


def test_a_value_that_should_be_json_is_named(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    environment.setenv("OIDC_ALGORITHMS", "[canary")
    message = "\n".join(refused(capsys))
    assert "oidc" in message
    assert "must be JSON" in message
    assert "canary" not in message


def test_kafka_over_tls_verifies_the_broker():
    context = KafkaSettings(
        bootstrap_servers="k:1", username="u", password=SecretStr("p")
    ).ssl_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
