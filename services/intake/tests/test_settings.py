"""Settings: what is read from where, and what a wrong environment is told."""

import base64
import json
import os
from pathlib import Path

import pytest
import yaml

from chassis.settings import load
from intake.__main__ import build_or_say_why
from intake.catalogue import SHIPPED
from intake.settings import Settings

KEYS = json.dumps(
    {
        "active": "k1",
        "keys": {"k1": base64.b64encode(b"1" * 32).decode()},
        "index": base64.b64encode(b"i" * 32).decode(),
    }
)
ENVIRONMENT = {
    "INTAKE_DATABASE_URL": "postgresql://intake:secret@127.0.0.1:5432/intake",
    "INTAKE_HTTP_PORT": "8001",
    "INTAKE_FILES_FOLDER": "/nowhere/files",
    "INTAKE_ENCRYPTION_KEYS": KEYS,
    "INTAKE_RECIPIENTS_KEYS": KEYS,
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "KAFKA_USERNAME": "intake",
    "KAFKA_PASSWORD": "secret",
    "OIDC_ISSUER": "http://127.0.0.1:8000",
    "OIDC_AUDIENCE": "motcua",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in os.environ:
        if name.startswith(("INTAKE_", "KAFKA_", "OIDC_")):
            monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        load(Settings)
    return capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_by_themselves_they_name_the_shipped_procedures_and_the_national_calendar():
    office = load(Settings).office()
    assert office.catalogue.deciding_agencies() == {"H42.10", "H42.11"}
    assert office.calendar.days_off == frozenset()
    assert load(Settings).files_most_bytes == 20 * 1024 * 1024


def test_procedures_and_calendar_may_be_the_provinces_own(
    environment: pytest.MonkeyPatch, tmp_path: Path
):
    procedure = (SHIPPED / "2.001583-v1.yaml").read_text("utf-8")
    (tmp_path / "own.yaml").write_text(procedure, "utf-8")
    environment.setenv("INTAKE_PROCEDURES", str(tmp_path))
    environment.setenv("INTAKE_CALENDAR", str(SHIPPED.parent / "calendars" / "h42.yaml"))
    office = load(Settings).office()
    assert office.catalogue.deciding_agencies() == {"H42.11"}
    assert office.calendar.days_off


def test_one_message_names_everything_that_is_missing(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ENVIRONMENT:
        environment.delenv(name)
    told = refused(capsys)
    assert [name for name in ENVIRONMENT if f"{name}: is missing" not in told] == []


def test_one_message_names_everything_that_is_wrong_and_repeats_no_secret(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    environment.setenv("INTAKE_ENCRYPTION_KEYS", '{"active": "k1", "keys": {"k1": "c2VjcmV0"}}')
    environment.setenv("INTAKE_FILES_MOST_BYTES", "10")
    environment.setenv("INTAKE_PROCEDURES", str(tmp_path))
    environment.setenv("INTAKE_CALENDAR", str(tmp_path / "none.yaml"))
    told = refused(capsys)
    assert "INTAKE_ENCRYPTION_KEYS: must be JSON" in told
    assert "INTAKE_FILES_MOST_BYTES: " in told
    assert f"INTAKE_PROCEDURES: {tmp_path}: holds no *.yaml" in told
    assert "INTAKE_CALENDAR: " in told
    assert "cannot be read (No such file or directory)" in told
    assert "c2VjcmV0" not in told


def test_an_unusable_procedure_file_is_named_with_each_field_to_mend(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    procedure = yaml.safe_load((SHIPPED / "2.000488-v1.yaml").read_text("utf-8"))
    procedure |= {"competent_agency": "Sở Tư pháp", "results": []}
    del procedure["time_limit"]
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(procedure, allow_unicode=True), "utf-8")
    environment.setenv("INTAKE_PROCEDURES", str(tmp_path))
    told = refused(capsys)
    for field in ("competent_agency", "results", "time_limit: is missing: add it"):
        assert f"{file}: {field}" in told


@pytest.mark.usefixtures("environment")
def test_no_secret_shows_when_settings_are_printed():
    shown = repr(load(Settings))
    assert "secret" not in shown
    assert base64.b64encode(b"1" * 32).decode() not in shown


def test_a_folder_for_files_that_cannot_be_used_is_told_on_start(
    environment: pytest.MonkeyPatch, tmp_path: Path
):
    taken = tmp_path / "taken"
    taken.write_text("a file, no folder")
    environment.setenv("INTAKE_FILES_FOLDER", str(taken))
    with pytest.raises(SystemExit, match=f"INTAKE_FILES_FOLDER: {taken}: files cannot be kept"):
        build_or_say_why(load(Settings))
