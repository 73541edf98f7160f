"""Settings: what is read from where, and what a wrong environment is told."""

import pytest

from chassis.settings import load
from motcua_contracts.types import ObligationKind
from payment.settings import Settings

ENVIRONMENT = {
    "PAYMENT_DATABASE_URL": "postgresql://payment:secret@127.0.0.1:5432/payment",
    "PAYMENT_HTTP_PORT": "8002",
    "PAYMENT_PUBLIC_URL": "http://127.0.0.1:8002",
    "PAYMENT_VNPAY_URL": "http://127.0.0.1:9/paymentv2/vpcpay.html",
    "PAYMENT_VNPAY_API_URL": "http://127.0.0.1:9/merchant_webapi/api/transaction",
    "PAYMENT_VNPAY_TMN_CODE": "MOTCUA01",
    "PAYMENT_VNPAY_HASH_SECRET": "the-new-secret",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "KAFKA_USERNAME": "payment",
    "KAFKA_PASSWORD": "secret",
    "OIDC_ISSUER": "http://127.0.0.1:8000",
    "OIDC_AUDIENCE": "motcua",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_environment_describes_our_terminal(environment: pytest.MonkeyPatch):
    environment.setenv("PAYMENT_VNPAY_PREVIOUS_HASH_SECRET", "the-old-secret")
    account = load(Settings).vnpay_account()
    assert account.secrets == ("the-new-secret", "the-old-secret")
    assert account.return_url == "http://127.0.0.1:8002/v1/gateways/vnpay/return"
    assert account.api_url == ENVIRONMENT["PAYMENT_VNPAY_API_URL"]
    assert account.tmn_code == "MOTCUA01"


def test_receipts_can_be_headed_as_the_agency_wants(environment: pytest.MonkeyPatch):
    environment.setenv("PAYMENT_RECEIPT_AGENCY", "Sở Tư pháp")
    environment.setenv("PAYMENT_RECEIPT_CHARGE_SERIAL", "AB")
    terms = load(Settings).terms()
    assert terms.agency.name == "Sở Tư pháp"
    assert terms.receipt_serials[ObligationKind.CHARGE] == "AB"


def test_one_message_names_everything_that_is_missing_or_wrong(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    environment.delenv("PAYMENT_VNPAY_HASH_SECRET")
    environment.delenv("PAYMENT_PUBLIC_URL")
    environment.setenv("PAYMENT_VNPAY_TMN_CODE", "much-too-long")
    environment.setenv("PAYMENT_RECEIPT_TAX_CODE", "12")
    with pytest.raises(SystemExit):
        load(Settings)
    told = capsys.readouterr().err
    for name in ("VNPAY_HASH_SECRET", "PUBLIC_URL", "VNPAY_TMN_CODE", "RECEIPT_TAX_CODE"):
        assert f"PAYMENT_{name}" in told
    assert "much-too-long" not in told


def test_no_secret_shows_when_settings_are_printed(environment: pytest.MonkeyPatch):
    environment.setenv("PAYMENT_VNPAY_PREVIOUS_HASH_SECRET", "the-old-secret")
    shown = repr(load(Settings))
    assert "the-new-secret" not in shown
    assert "the-old-secret" not in shown
    assert "secret@" not in shown
