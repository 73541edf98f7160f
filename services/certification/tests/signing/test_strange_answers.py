"""An authority may answer anything at all: that hinders a signature, and is never a bug."""

import random
from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from asn1crypto.parser import emit

from certification.key_files import KeyFiles
from certification.pades import Pades, Terms
from certification.ports import Hindered, Hindrance
from certification.trust import require_usable
from motcua_contracts.types import SignatureLevel

from .answers import Answers, Issuer
from .hands import sign_as
from .provider import PASSPHRASE

SEED = 20261125


@pytest.fixture
def answers() -> Generator[Answers]:
    with Answers.given() as answers:
        yield answers


@pytest.fixture
def issuer(answers: Answers) -> Issuer:
    return Issuer(answers)


def der(tag: int, *parts: bytes, method: int = 1, class_: int = 0) -> bytes:
    return emit(class_, method, tag, b"".join(parts))


SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
TIME_STAMP = bytes.fromhex("060b2a864886f70d0109100104")
BASIC_RESPONSE = bytes.fromhex("06092b0601050507300101")


def response(content: bytes) -> bytes:
    """An OCSP answer of the right form around `content`."""
    told = der(16, BASIC_RESPONSE, der(4, content, method=0))
    return der(16, b"\x0a\x01\x00", der(0, told, class_=2))


def granted(content: bytes) -> bytes:
    """A time-stamp answer of the right form around `content`."""
    return der(16, der(16, b"\x02\x01\x00"), content)


def token(stamped: bytes) -> bytes:
    """A time-stamp with no signature and no certificate in it."""
    inner = der(16, TIME_STAMP, der(0, der(4, stamped, method=0), class_=2))
    signed = der(16, b"\x02\x01\x03", der(17), inner, der(17))
    return der(16, SIGNED_DATA, der(0, signed, class_=2))


STRANGE = [
    b"",
    b"\x30",
    b"\x30\x00",
    b"\x30\x03\x02\x01\x05",
    b"\x30\x05\x0a\x01\x00\x05\x00",
    b"\x30\x03\x0a\x01\x00",
    b"\x30\x80\x00\x00",
    b"\x30\x84\xff\xff\xff\xff",
    b"\x30\x82\x03\xe8" + b"\x30\x80" * 500,
    b"<html><body>502 Bad Gateway</body></html>",
    b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    bytes(1000),
    response(b""),
    response(b"\x30\x00"),
    response(b"\x30\x06\x30\x00\x30\x00\x03\x00"),
    granted(b""),
    granted(b"\x30\x00"),
    granted(b"\x05\x00"),
    granted(token(b"")),
    granted(token(b"\x30\x00")),
]


async def require(issuer: Issuer, level: SignatureLevel = SignatureLevel.B_LTA) -> None:
    async with aiohttp.ClientSession() as session:
        await require_usable(issuer.key, issuer.trust.online(session, level, seconds=2))


async def unknown(issuer: Issuer) -> None:
    with pytest.raises(Hindered) as caught:
        await require(issuer)
    assert caught.value.hindrance is Hindrance.REVOCATION_UNKNOWN


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:8].hex())
async def test_of_a_responder_or_a_list_it_leaves_the_state_unknown(
    answers: Answers, issuer: Issuer, body: bytes
):
    answers.bodies = {"/ocsp": body}
    await unknown(issuer)
    answers.bodies = {"/list.crl": body}
    await unknown(issuer)
    answers.bodies = {"/ocsp": body, "/list.crl": body}
    await unknown(issuer)


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:8].hex())
async def test_of_a_responder_it_does_not_matter_while_there_is_a_list(
    answers: Answers, issuer: Issuer, body: bytes
):
    answers.bodies = {"/ocsp": body, "/list.crl": issuer.crl()}
    await require(issuer)


async def test_below_b_lt_it_hinders_nobody(answers: Answers, issuer: Issuer):
    answers.bodies = {"/ocsp": b"\x30\x00", "/list.crl": b"\x30\x00"}
    await require(issuer, SignatureLevel.B_T)


async def test_of_a_list_one_strange_entry_leaves_the_state_unknown(
    answers: Answers, issuer: Issuer
):
    answers.bodies = {"/list.crl": issuer.crl_with_a_strange_entry()}
    await unknown(issuer)


async def test_of_a_list_with_any_byte_changed_it_is_no_bug(answers: Answers, issuer: Issuer):
    whole, told = issuer.crl(), random.Random(SEED)
    for _ in range(200):
        changed = bytearray(whole)
        changed[told.randrange(len(whole))] = told.randrange(256)
        answers.bodies = {"/list.crl": bytes(changed[: told.randrange(len(whole) * 4)])}
        try:
            await require(issuer)
        except Hindered as hindered:
            assert hindered.hindrance is Hindrance.REVOCATION_UNKNOWN  # noqa: PT017


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: body[:8].hex())
async def test_of_a_time_stamping_authority_it_is_no_time_stamp(
    answers: Answers, terms: Terms, keys: Path, prepared: Path, *, tmp_path: Path, body: bytes
):
    answers.bodies = {"/tsa": body}
    told = replace(terms, tsa_url=answers.url("/tsa"))
    async with Pades(KeyFiles(keys, PASSPHRASE), told, lambda: datetime.now(UTC)) as pades:
        with pytest.raises(Hindered) as caught:
            await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")
    assert caught.value.hindrance is Hindrance.TIME_STAMP_AWAY
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240
