"""Time stamps and certificate status, judged by openssl."""

import base64
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from simulators.running import RunningSimulator

from .conftest import http
from .openssl import Relier, openssl


@pytest.fixture(scope="module")
def shared_trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSimulator]:
    folder = tmp_path_factory.mktemp("trust")
    with RunningSimulator("trust", "--state-folder", str(folder)) as running:
        relier = Relier(running, folder)
        relier.enrolled("minh")
        yield running


@pytest.fixture
def relier(shared_trust: RunningSimulator, tmp_path: Path) -> Relier:
    """Trusts a well-behaved provider that enrolled `minh`."""
    http.delete(f"{shared_trust.url}/_faults").raise_for_status()
    return Relier(shared_trust, tmp_path)


@pytest.fixture
def minh(relier: Relier) -> Path:
    return relier.enrolled("minh")


def gen_time(text: str) -> datetime:
    [stamp] = re.findall(r"Time stamp: (.+) GMT", text)
    return datetime.strptime(stamp, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_stamp_over_any_known_digest_verifies_under_the_root(relier: Relier, digest: str) -> None:
    query, answer = relier.ask_for_stamp(f"-{digest}", "-cert")

    assert answer.headers["Content-Type"] == "application/timestamp-reply"
    assert "Verification: OK" in relier.verify_stamp(query, answer.content).text


def test_a_stamp_without_certificates_verifies_for_whoever_has_them(relier: Relier) -> None:
    query, answer = relier.ask_for_stamp("-sha256")

    assert relier.verify_stamp(query, answer.content).code != 0
    chain = [relier.fetch(f"certificates/{name}.pem").read_bytes() for name in ("tsa", "stamping")]
    untrusted = ("-untrusted", relier.write("chain.pem", b"".join(chain)))
    assert "Verification: OK" in relier.verify_stamp(query, answer.content, *untrusted).text


def test_a_stamp_says_its_time_and_stands_in_the_ledger(relier: Relier) -> None:
    _, answer = relier.ask_for_stamp("-sha256", "-cert")

    text = relier.read_reply(answer.content)
    assert "Accuracy: 0x01 seconds" in text
    assert abs(gen_time(text) - datetime.now(UTC)) < timedelta(seconds=10)
    entry = relier.ledger("stamped")[-1]
    assert f"Serial number: 0x{entry['serial']}".lower() in text.lower()
    assert datetime.fromisoformat(str(entry["genTime"])) == gen_time(text)


@pytest.mark.parametrize(
    ("options", "failure"),
    [
        (["-sha1"], "unsupported algorithm"),
        (["-sha256", "-tspolicy", "1.2.3.4"], "requested TSA policy is not supported"),
    ],
)
def test_a_query_that_cannot_be_met_is_rejected_with_its_reason(
    relier: Relier, options: list[str], failure: str
) -> None:
    _, answer = relier.ask_for_stamp(*options)

    text = relier.read_reply(answer.content)
    assert "Status: Rejected" in text
    assert failure in text


@pytest.mark.parametrize("query", [b"", b"not DER", bytes.fromhex("3003020101"), b"\x30\x84"])
def test_a_query_that_is_none_is_rejected_too(relier: Relier, query: bytes) -> None:
    text = relier.read_reply(relier.post_query(query).content)

    assert "Status: Rejected" in text
    assert "wrong format" in text


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("bad-signature", "signature failure"),
        ("wrong-nonce", "nonce mismatch"),
        ("wrong-imprint", "message imprint mismatch"),
        ("refuse", "time source is not available"),
    ],
)
def test_a_lying_tsa_is_found_out_and_the_next_stamp_is_right(
    relier: Relier, kind: str, complaint: str
) -> None:
    relier.misbehave({"kind": kind, "target": "tsa"})

    query, answer = relier.ask_for_stamp("-sha256", "-cert")
    said = relier.verify_stamp(query, answer.content)
    assert said.code != 0
    assert complaint in said.text.lower() + relier.read_reply(answer.content)

    query, answer = relier.ask_for_stamp("-sha256", "-cert")
    assert relier.verify_stamp(query, answer.content).code == 0


@pytest.mark.parametrize(("kind", "sign"), [("wrong-time", 1), ("past-time", -1)])
def test_a_tsa_can_have_a_wrong_clock(relier: Relier, kind: str, sign: int) -> None:
    relier.misbehave({"kind": kind, "seconds": 600})

    query, answer = relier.ask_for_stamp("-sha256", "-cert")

    off = gen_time(relier.read_reply(answer.content)) - datetime.now(UTC)
    assert abs(off - sign * timedelta(seconds=600)) < timedelta(seconds=10)
    assert relier.verify_stamp(query, answer.content).code == 0


def test_only_time_stamp_queries_are_taken(relier: Relier) -> None:
    assert http.post(f"{relier.url}/tsa", content=b"x").status_code == 415


@pytest.mark.parametrize("options", [[], ["-no_nonce"], ["-sha256"]])
def test_a_certificate_that_was_given_out_is_good(
    relier: Relier, minh: Path, options: list[str]
) -> None:
    said = relier.ask_status(*options, "-cert", minh)

    assert "Response verify OK" in said.text
    assert "minh.pem: good" in said.text
    assert "no nonce in response" not in said.text


def test_the_tsa_is_good_too_and_a_number_never_given_out_is_unknown(relier: Relier) -> None:
    tsa = relier.fetch("certificates/tsa.pem")

    said = relier.ask_status("-cert", tsa, "-serial", "0x1234", issuer="stamping")

    assert "Response verify OK" in said.text
    assert "tsa.pem: good" in said.text
    assert "0x1234: unknown" in said.text


def test_status_can_be_asked_by_url(relier: Relier, minh: Path) -> None:
    issuing, request = relier.fetch("certificates/issuing.pem"), relier.folder / "request.der"
    asked = ("ocsp", "-issuer", issuing, "-cert", minh)
    openssl(*asked, "-no_nonce", "-reqout", request)
    encoded = quote(base64.b64encode(request.read_bytes()).decode(), safe="")

    answer = http.get(f"{relier.url}/ocsp/{encoded}")

    assert answer.headers["Content-Type"] == "application/ocsp-response"
    response = relier.write("response.der", answer.content)
    said = openssl(*asked, "-no_nonce", "-respin", response, "-CAfile", relier.roots)
    assert "minh.pem: good" in said.text


def test_nobody_answers_for_the_root_and_for_nonsense(relier: Relier) -> None:
    issuing = relier.fetch("certificates/issuing.pem")

    assert "unauthorized" in relier.ask_status("-cert", issuing, issuer="root").text
    headers = {"Content-Type": "application/ocsp-request"}
    malformed = bytes.fromhex("30030a0101")
    for nonsense in (b"", b"not DER", bytes.fromhex("30023000")):
        answer = http.post(f"{relier.url}/ocsp", content=nonsense, headers=headers)
        assert answer.content == malformed
    assert http.get(f"{relier.url}/ocsp/!").content == malformed


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        ("unknown", "minh.pem: unknown"),
        ("stale", "status expired"),
        ("bad-signature", "response verify failure"),
        ("try-later", "trylater"),
        ("down", "code=503"),
        ("cut", "error querying ocsp responder"),
    ],
)
def test_a_responder_that_fails_is_found_out_and_the_next_answer_is_right(
    relier: Relier, minh: Path, kind: str, complaint: str
) -> None:
    relier.misbehave({"kind": kind, "target": "ocsp"})

    assert complaint in relier.ask_status("-cert", minh).text.lower()
    assert "minh.pem: good" in relier.ask_status("-cert", minh).text


def test_a_stale_crl_does_not_prove_anything(relier: Relier, minh: Path) -> None:
    relier.misbehave({"kind": "stale", "target": "crl"})

    assert "CRL has expired" in relier.verify(minh).text
    assert "minh.pem: OK" in relier.verify(minh).text


def test_each_endpoint_can_go_down_until_the_fault_is_taken_back(relier: Relier) -> None:
    relier.misbehave({"kind": "down", "target": "tsa", "times": 1_000_000})

    for _ in range(3):
        assert relier.ask_for_stamp()[1].status_code == 503
    assert http.get(f"{relier.url}/crl/issuing.crl").status_code == 200

    http.delete(f"{relier.url}/_faults").raise_for_status()
    assert relier.ask_for_stamp()[1].status_code == 200
    relier.misbehave({"kind": "down", "target": "crl"}, {"kind": "down", "target": "certificates"})
    assert http.get(f"{relier.url}/crl/issuing.crl").status_code == 503
    assert http.get(f"{relier.url}/certificates/issuing.crt").status_code == 503


def test_a_slow_answer_is_right_and_a_lost_one_had_been_given(relier: Relier) -> None:
    relier.misbehave({"kind": "delay", "target": "tsa", "seconds": 0.5})
    begun = time.monotonic()
    assert relier.ask_for_stamp()[1].status_code == 200
    assert time.monotonic() - begun >= 0.5

    stamped = len(relier.ledger("stamped"))
    relier.misbehave({"kind": "cut", "target": "tsa"})
    with pytest.raises(httpx2.RemoteProtocolError):
        relier.ask_for_stamp()
    assert len(relier.ledger("stamped")) == stamped + 1


def test_nothing_is_published_under_an_unknown_name(relier: Relier) -> None:
    for path in ("crl/nobody.crl", "certificates/nobody.pem", "certificates/minh.crt"):
        assert http.get(f"{relier.url}/{path}").status_code == 404
