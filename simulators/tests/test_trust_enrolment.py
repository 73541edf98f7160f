"""Who gets a certificate, what stands in it, and how it is taken back."""

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from simulators.errors import SimulatorError
from simulators.running import RunningSimulator

from .conftest import http
from .openssl import PASSPHRASE, Relier, application, openssl


@pytest.fixture(scope="module")
def shared_trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    folder = tmp_path_factory.mktemp("trust")
    with RunningSimulator("trust", "--state-folder", str(folder)) as running:
        yield running


@pytest.fixture
def relier(shared_trust: RunningSimulator, tmp_path: Path) -> Relier:
    return Relier(shared_trust, tmp_path)


def shown(certificate: Path) -> str:
    name = ("-nameopt", "utf8,sep_comma_plus,lname")
    return openssl("x509", "-in", certificate, "-noout", "-text", *name).text


def test_a_person_gets_a_key_that_signs_and_a_certificate_that_verifies(relier: Relier) -> None:
    answer = relier.enrol("signs")
    assert answer.status_code == 201
    assert answer.headers["Content-Type"] == "application/x-pkcs12"

    sealed = relier.write("signs.p12", answer.content)
    opened, signed = relier.folder / "signs.key", relier.folder / "signed.der"
    openssl("pkcs12", "-in", sealed, "-passin", f"pass:{PASSPHRASE}", "-nodes", "-out", opened)
    document = relier.write("document", b"%PDF-1.7")
    signer = ("-signer", opened, "-certfile", relier.fetch("certificates/issuing.pem"))
    openssl(
        *("cms", "-sign", "-binary", "-in", document, *signer),
        *("-outform", "DER", "-out", signed),
    )

    judged = ("cms", "-verify", "-binary", "-inform", "DER", "-in", signed, "-content", document)
    assert "successful" in openssl(*judged, "-CAfile", relier.roots).text
    assert "signs.pem: OK" in relier.verify(relier.enrolled("signs")).text


def test_a_persons_certificate_says_who_and_where_to_ask(relier: Relier) -> None:
    text = shown(relier.enrolled("person"))

    assert (
        "Subject: countryName=VN,organizationName=Ủy ban nhân dân phường Nam Hoa Lư,"
        "title=Phó Chủ tịch,commonName=Hoàng Văn Minh\n"
    ) in text
    assert "Public-Key: (3072 bit)" in text
    assert "X509v3 Key Usage: critical\n                Digital Signature, Non Repudiation" in text
    assert f"OCSP - URI:{relier.url}/ocsp\n" in text
    assert f"CA Issuers - URI:{relier.url}/certificates/issuing.crt\n" in text
    assert f"URI:{relier.url}/crl/issuing.crl\n" in text
    issuing = http.get(f"{relier.url}/certificates/issuing.crt")
    assert issuing.headers["Content-Type"] == "application/pkix-cert"


def test_an_agencys_certificate_carries_its_identifier(relier: Relier) -> None:
    agency = {"kind": "agency", "title": None, "name": "Sở Tư pháp", "unit": "Văn phòng"}

    named = shown(relier.enrolled("agency", **agency, identifier="GOVVN-H42.10"))
    unnamed = shown(relier.enrolled("seal", **agency))

    assert "organizationalUnitName=Văn phòng,organizationIdentifier=GOVVN-H42.10,common" in named
    assert "organizationIdentifier=GOVVN-seal,commonName=Sở Tư pháp\n" in unnamed


def test_tsa_and_responder_have_the_profiles_of_their_protocols(relier: Relier) -> None:
    tsa = shown(relier.fetch("certificates/tsa.pem"))
    assert "X509v3 Extended Key Usage: critical\n                Time Stamping\n" in tsa
    assert f"URI:{relier.url}/crl/stamping.crl" in tsa

    responder = relier.ask_status("-cert", relier.enrolled("asked"), "-resp_text").text
    assert "OCSP Signing" in responder
    assert "OCSP No Check" in responder


def test_the_same_label_gives_the_same_file_again(relier: Relier) -> None:
    first, again = relier.enrol("same"), relier.enrol("same")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    for other in ({"passphrase": "another"}, {"name": "Trần Văn Bình"}, {"foreign": True}):
        refused = relier.enrol("same", **other)
        assert refused.status_code == 409
        assert "choose another label" in refused.text


def test_many_who_ask_at_once_get_one_certificate(relier: Relier) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(relier.enrol, ["at-once"] * 8))

    assert len({answer.content for answer in answers}) == 1
    assert [e["label"] for e in relier.ledger("enrolled")].count("at-once") == 1


@pytest.mark.parametrize(
    ("label", "validity", "complaint"),
    [
        ("ended", {"validDays": -1}, "certificate has expired"),
        ("past", {"notBefore": "2024-01-01T00:00:00Z", "validDays": 30}, "certificate has expired"),
        ("future", {"notBefore": "2040-01-01T00:00:00Z"}, "certificate is not yet valid"),
    ],
)
def test_a_certificate_can_be_out_of_its_time(
    relier: Relier, label: str, validity: dict[str, object], complaint: str
) -> None:
    assert complaint in relier.verify(relier.enrolled(label, **validity)).text


def test_an_expired_certificate_was_valid_while_it_lasted(relier: Relier) -> None:
    expired = relier.enrolled("was-valid", validDays=-10)
    then = datetime.now(UTC) - timedelta(days=11)

    above = ("-CAfile", relier.roots, "-untrusted", relier.fetch("certificates/issuing.pem"))
    said = openssl("verify", "-attime", str(int(then.timestamp())), *above, expired)

    assert "was-valid.pem: OK" in said.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "../etc"},
        {"label": "Upper"},
        {"kind": "robot"},
        {"name": ""},
        {"name": "x" * 65},
        {"passphrase": ""},
        {"notBefore": "2026-01-01T00:00:00Z", "validDays": -1},
        {"validDays": 1e9},
        {"notBefore": "1900-01-01T00:00:00Z"},
        {"surprise": 1},
    ],
)
def test_an_application_that_makes_no_sense_is_refused(
    relier: Relier, wrong: dict[str, object]
) -> None:
    wish = {**application("wrong"), **wrong}

    assert http.post(f"{relier.url}/_identities", json=wish).status_code == 422


def test_a_foreign_identity_is_valid_but_not_under_our_root(relier: Relier) -> None:
    foreign = relier.enrolled("stranger", foreign=True)

    assert relier.verify(foreign).code != 0
    elsewhere = relier.fetch("certificates/foreign.pem")
    assert "stranger.pem: OK" in openssl("verify", "-CAfile", elsewhere, foreign).text
    said = openssl(
        *("ocsp", "-url", f"{relier.url}/ocsp", "-issuer", elsewhere, "-cert", foreign),
        *("-CAfile", elsewhere),
    )
    assert "stranger.pem: good" in said.text
    assert elsewhere.read_bytes() not in relier.roots.read_bytes()


def test_a_revocation_is_told_at_once_and_stands(relier: Relier) -> None:
    certificate = relier.enrolled("revoked")

    revoked = relier.revoke("revoked", "keyCompromise")

    assert isinstance(revoked["revoked"], dict)
    assert revoked["revoked"]["reason"] == "keyCompromise"
    said = relier.ask_status("-cert", certificate).text
    assert "revoked.pem: revoked" in said
    assert "Reason: keyCompromise" in said
    assert "certificate revoked" in relier.verify(certificate).text
    assert relier.revoke("revoked", "superseded") == revoked
    assert [e["label"] for e in relier.ledger("revoked")] == ["revoked"]
    assert http.post(f"{relier.url}/_identities/nobody/revoke").status_code == 404


def test_everything_survives_kill_9_under_the_same_url(tmp_path: Path) -> None:
    state = ("--state-folder", str(tmp_path / "state"))
    ledger = ("--ledger-file", str(tmp_path / "trust.jsonl"))
    with RunningSimulator("trust", *state, *ledger) as trust:
        before = Relier(trust, tmp_path)
        roots, sealed = before.roots.read_bytes(), before.enrol("kept").content
        before.revoke("kept", "superseded")
        listed, port = before.identities(), str(trust.port)
        trust.kill()

    with RunningSimulator("trust", *state, *ledger, "--port", port) as again:
        after = Relier(again, tmp_path)
        assert after.roots.read_bytes() == roots
        assert after.identities() == listed
        assert after.enrol("kept").content == sealed
        assert "kept.pem: revoked" in after.ask_status("-cert", after.enrolled("kept")).text

    with pytest.raises(SimulatorError, match=f"point to http://127.0.0.1:{port}, not to"):
        RunningSimulator("trust", *state, "--public-url", "https://trust.example.vn/")
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_a_damaged_key_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text("not a key")

    with pytest.raises(SimulatorError, match="remove the whole folder"):
        RunningSimulator("trust", "--state-folder", str(tmp_path))
