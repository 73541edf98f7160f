"""Settings: what is read from where, and what a wrong environment is told."""

import json

import pytest

from certification.settings import Settings
from chassis.settings import load
from motcua_contracts.types import SignatureLevel

from .samples import KEYRING_JSON

ENVIRONMENT = {
    "CERTIFICATION_DATABASE_URL": "postgresql://certification:secret@127.0.0.1:5432/certification",
    "CERTIFICATION_HTTP_PORT": "8004",
    "CERTIFICATION_FILES_FOLDER": "/var/lib/motcua/copies",
    "CERTIFICATION_ENCRYPTION_KEYS": KEYRING_JSON,
    "CERTIFICATION_PUBLIC_URL": "https://chung-thuc.example.vn/",
    "CERTIFICATION_AGENCY": "H42.01",
    "CERTIFICATION_AGENCY_NAME": "Sở Tư pháp",
    "CERTIFICATION_PLACE": "Nha Trang",
    "CERTIFICATION_SIGNERS": json.dumps(
        {"signer-minh": {"key": "minh", "name": "Trần Văn Minh", "title": "Phó Giám đốc"}}
    ),
    "CERTIFICATION_TSA_URL": "http://tsa.example.vn",
    "CERTIFICATION_TRUST_ROOTS": "/etc/motcua/roots.pem",
    "CERTIFICATION_KEYS_FOLDER": "/etc/motcua/keys",
    "CERTIFICATION_KEYS_PASSPHRASE": "the-passphrase",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "KAFKA_USERNAME": "certification",
    "KAFKA_PASSWORD": "secret",
    "OIDC_ISSUER": "http://127.0.0.1:8000",
    "OIDC_AUDIENCE": "motcua",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_environment_describes_the_office_and_its_keys(environment: pytest.MonkeyPatch):
    settings = load(Settings)
    office = settings.office()
    assert office.agency == "H42.01"
    assert (office.name, office.place, office.book) == ("Sở Tư pháp", "Nha Trang", "SCT-BS")
    assert office.check_url("abc") == "https://chung-thuc.example.vn/c/abc"
    assert office.signers["signer-minh"].key == "minh"
    assert (office.level, office.clerk_may_sign) == (SignatureLevel.B_LTA, False)
    assert (settings.keys.kind, str(settings.keys.folder)) == ("files", "/etc/motcua/keys")
    assert (settings.signing_processes, settings.signing_queue, settings.seal_key) == (
        1,
        16,
        "seal",
    )


def test_keys_of_a_token_need_a_module_a_token_and_a_pin(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    environment.setenv("CERTIFICATION_KEYS_KIND", "pkcs11")
    environment.delenv("CERTIFICATION_KEYS_FOLDER")
    with pytest.raises(SystemExit):
        load(Settings)
    told = capsys.readouterr().err
    for name in ("MODULE", "TOKEN", "PIN"):
        assert f"CERTIFICATION_KEYS_{name}: is missing" in told
    for name, value in {"MODULE": "/usr/lib/p11.so", "TOKEN": "motcua", "PIN": "1234"}.items():
        environment.setenv(f"CERTIFICATION_KEYS_{name}", value)
    assert load(Settings).keys.token == "motcua"


def test_one_message_names_everything_that_is_missing_or_wrong(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("FILES_FOLDER", "AGENCY_NAME", "KEYS_PASSPHRASE", "TSA_URL"):
        environment.delenv(f"CERTIFICATION_{name}")
    environment.setenv("CERTIFICATION_LEVEL", "B-B")
    environment.setenv("CERTIFICATION_SIGNERS", '{"signer-minh": {"key": "minh"}}')
    environment.setenv("CERTIFICATION_ENCRYPTION_KEYS", "secret-but-wrong")
    with pytest.raises(SystemExit):
        load(Settings)
    told = capsys.readouterr().err
    for name in (
        "FILES_FOLDER",
        "AGENCY_NAME",
        "KEYS_PASSPHRASE",
        "TSA_URL",
        "LEVEL",
        "SIGNERS",
        "ENCRYPTION_KEYS",
    ):
        assert f"CERTIFICATION_{name}" in told
    assert "secret-but-wrong" not in told


def test_no_secret_shows_when_settings_are_printed(environment: pytest.MonkeyPatch):
    environment.setenv("CERTIFICATION_KEYS_PIN", "the-pin")
    shown = repr(load(Settings))
    for secret in ("the-passphrase", "the-pin", "secret@"):
        assert secret not in shown
