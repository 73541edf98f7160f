"""Settings come from the environment; what is missing is named."""

from pathlib import Path

import pytest

from agency import settings

COMPLETE = {
    "AGENCY_CODE": "H42.10",
    "AGENCY_POLICY": "approve",
    "INTAKE_URL": "http://127.0.0.1:8000",
    "OIDC_ISSUER": "http://127.0.0.1:8001",
    "AGENCY_CLIENT_ID": "agency-H42.10",
    "AGENCY_CLIENT_SECRET": "secret",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
    "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "KAFKA_USERNAME": "agency-H42.10",
    "KAFKA_PASSWORD": "password",
}


def test_a_complete_environment_gives_a_desk_and_the_way_to_kafka(tmp_path: Path) -> None:
    environment = COMPLETE | {"AGENCY_STORE": str(tmp_path / "agency.sqlite")}

    desk, kafka = settings.read(environment)

    assert desk.store.agency == "H42.10"
    assert kafka["sasl_plain_username"] == "agency-H42.10"


def test_one_message_names_every_missing_variable() -> None:
    environment = COMPLETE | {"KAFKA_PASSWORD": ""}

    with pytest.raises(SystemExit, match="set AGENCY_STORE, KAFKA_PASSWORD;"):
        settings.read(environment)


def test_an_unknown_policy_is_refused_with_those_there_are(tmp_path: Path) -> None:
    environment = COMPLETE | {"AGENCY_STORE": str(tmp_path / "a"), "AGENCY_POLICY": "perhaps"}

    with pytest.raises(SystemExit, match="one of approve, supplement-first"):
        settings.read(environment)
