"""What hinders a signature is told apart, leaves no file, and is over when its cause is."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from certification.key_files import KeyFiles
from certification.keys import Key
from certification.pades import Pades, Terms
from certification.ports import Hindered, Hindrance
from certification.trust import Trust
from motcua_contracts.types import SignatureLevel

from .hands import sign_as
from .provider import AGENCY, PASSPHRASE, Provider

Fault = dict[str, object]

NAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Người", "Sở")
"""Of everybody who signs here: what hinders is logged."""


class Hinder(Protocol):
    """Why a copy cannot be signed."""

    async def __call__(self, pades: Pades, person: str = "dao") -> Hindrance: ...


def every(kind: str, target: str, **more: object) -> Fault:
    return {"kind": kind, "target": target, "times": 100, **more}


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def hindered(prepared: Path, tmp_path: Path) -> Hinder:
    """Why a copy cannot be signed."""

    def files() -> list[Path]:
        return list(tmp_path.iterdir())

    async def why(pades: Pades, person: str = "dao") -> Hindrance:
        with pytest.raises(Hindered) as caught:
            await sign_as(person, pades, prepared, tmp_path / "signed.pdf")
        assert files() == []
        assert not [name for name in NAMES if name in str(caught.value)]
        return caught.value.hindrance

    return why


@pytest.mark.parametrize(
    ("faults", "hindrance"),
    [
        ([every("down", "tsa")], Hindrance.TIME_STAMP_AWAY),
        ([every("delay", "tsa", seconds=30)], Hindrance.TIME_STAMP_AWAY),
        ([every("cut", "tsa")], Hindrance.TIME_STAMP_AWAY),
        ([every("refuse", "tsa")], Hindrance.TIME_STAMP_AWAY),
        ([every("wrong-time", "tsa", seconds=400)], Hindrance.TIME_STAMP_WRONG),
        ([every("past-time", "tsa", seconds=400)], Hindrance.TIME_STAMP_WRONG),
        ([every("wrong-nonce", "tsa")], Hindrance.TIME_STAMP_WRONG),
        ([every("wrong-imprint", "tsa")], Hindrance.LEVEL_NOT_REACHED),
        ([every("bad-signature", "tsa")], Hindrance.LEVEL_NOT_REACHED),
        ([every("down", "ocsp"), every("down", "crl")], Hindrance.REVOCATION_UNKNOWN),
        (
            [every("delay", "ocsp", seconds=30), every("delay", "crl", seconds=30)],
            Hindrance.REVOCATION_UNKNOWN,
        ),
        ([every("try-later", "ocsp"), every("down", "crl")], Hindrance.REVOCATION_UNKNOWN),
        ([every("stale", "ocsp"), every("stale", "crl")], Hindrance.REVOCATION_UNKNOWN),
        ([every("bad-signature", "ocsp"), every("down", "crl")], Hindrance.REVOCATION_UNKNOWN),
    ],
    ids=lambda faults: (
        "+".join(f"{f['target']} {f['kind']}" for f in faults)
        if isinstance(faults, list)
        else str(faults)
    ),
)
async def test_an_authority_that_is_away_or_wrong_is_told_and_it_goes_on_when_it_is_back(
    faults: list[Fault],
    hindrance: Hindrance,
    *,
    provider: Provider,
    pades: Pades,
    hindered: Hinder,
    prepared: Path,
    tmp_path: Path,
):
    provider.misbehave(*faults)
    began = time.monotonic()
    assert await hindered(pades) is hindrance
    assert time.monotonic() - began < 10
    provider.behave()
    copy = await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")
    assert copy.level is SignatureLevel.B_LTA


async def test_a_time_stamp_that_goes_wrong_in_the_middle_is_seen(
    provider: Provider,
    pades: Pades,
    hindered: Hinder,
    prepared: Path,
    tmp_path: Path,
):
    """When the samples were right: only the seal's is hours ahead."""
    await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")
    (tmp_path / "signed.pdf").unlink()
    provider.misbehave({"kind": "wrong-time", "target": "tsa", "times": 1, "seconds": 7200})
    assert await hindered(pades) is Hindrance.TIME_STAMP_WRONG


async def test_a_responder_that_is_down_does_not_matter_while_there_are_lists(
    provider: Provider, pades: Pades, prepared: Path, tmp_path: Path
):
    provider.misbehave(every("down", "ocsp"))
    await sign_as("dao", pades, prepared, tmp_path / "signed.pdf")


async def test_below_b_lt_an_unknown_state_does_not_hinder_but_a_known_revocation_does(
    provider: Provider,
    terms: Terms,
    hindered: Hinder,
    prepared: Path,
    tmp_path: Path,
):
    folder = tmp_path.with_name("own keys")
    folder.mkdir()
    provider.enrol(folder, "lan", "Trần Thị Lan")
    provider.enrol(folder, "lan-seal", AGENCY, kind="agency")
    low = replace(terms, level=SignatureLevel.B_T, seal_key="lan-seal")
    async with Pades(KeyFiles(folder, PASSPHRASE), low, now) as pades:
        provider.misbehave(every("down", "ocsp"), every("down", "crl"))
        assert (
            await sign_as("lan", pades, prepared, tmp_path / "b-t.pdf")
        ).level is SignatureLevel.B_T
        (tmp_path / "b-t.pdf").unlink()
        provider.behave()
        provider.revoke("lan")
        assert await hindered(pades, "lan") is Hindrance.CERTIFICATE_REVOKED


@pytest.mark.parametrize("revoked", ["binh", "binh-seal"])
async def test_a_revoked_certificate_signs_nothing(
    revoked: str,
    *,
    provider: Provider,
    terms: Terms,
    hindered: Hinder,
    tmp_path: Path,
):
    """Neither the person's nor the seal's, and the other is not used for nothing."""
    folder = tmp_path.with_name(f"keys of {revoked}")
    folder.mkdir()
    person, seal = f"{revoked}-person", f"{revoked}-agency"
    provider.enrol(folder, person, "Lê Thanh Bình")
    provider.enrol(folder, seal, AGENCY, kind="agency")
    provider.revoke(seal if revoked.endswith("seal") else person)
    told = replace(terms, seal_key=seal)
    before = provider.made("stamped")
    async with Pades(KeyFiles(folder, PASSPHRASE), told, now) as pades:
        assert await hindered(pades, person) is Hindrance.CERTIFICATE_REVOKED
    assert provider.made("stamped") - before <= 1


async def test_an_expired_certificate_is_told_before_anybody_is_asked(
    provider: Provider, terms: Terms, hindered: Hinder, keys: Path
):
    provider.enrol(keys, "old", "Phạm Văn Cũ", validDays=-2)
    provider.misbehave(every("down", "tsa"), every("down", "ocsp"), every("down", "crl"))
    async with Pades(KeyFiles(keys, PASSPHRASE), terms, now) as pades:
        assert await hindered(pades, "old") is Hindrance.CERTIFICATE_EXPIRED
        with pytest.raises(Hindered, match="old: its certificate is valid from"):
            pades.keys("old")


def renew(provider: Provider, folder: Path, label: str, name: str, **wishes: str) -> None:
    """Put another key in the place of one; the authority knows it as `renewed-<label>`."""
    provider.enrol(folder, f"renewed-{label}", name, **wishes)
    (folder / f"renewed-{label}.p12").rename(folder / f"{label}.p12")


async def test_a_certificate_is_renewed_while_the_service_runs(
    provider: Provider, terms: Terms, hindered: Hinder, prepared: Path, *, tmp_path: Path
):
    """Whether it ran out or was revoked, what follows needs nobody but who puts the new file."""
    folder = tmp_path.with_name("renewed keys")
    folder.mkdir()
    told = replace(terms, seal_key="office")
    provider.enrol(folder, "office", AGENCY, kind="agency", validDays=-2)
    provider.enrol(folder, "mai", "Phạm Thị Mai")
    async with Pades(KeyFiles(folder, PASSPHRASE), told, now) as pades:
        assert await hindered(pades, "mai") is Hindrance.CERTIFICATE_EXPIRED
        renew(provider, folder, "office", AGENCY, kind="agency")
        provider.revoke("mai")
        assert await hindered(pades, "mai") is Hindrance.CERTIFICATE_REVOKED
        renew(provider, folder, "mai", "Phạm Thị Mai")
        copy = await sign_as("mai", pades, prepared, tmp_path / "signed.pdf")
    assert copy.level is SignatureLevel.B_LTA


class OldKeys:
    """A store that knows keys till it is told to forget them, as a token's does."""

    def __init__(self, files: KeyFiles) -> None:
        self._files = files
        self._known: dict[str, Key] = {}

    def key(self, label: str) -> Key:
        return self._known.setdefault(label, self._files.key(label))

    def forget(self) -> None:
        self._known.clear()


async def test_keys_are_opened_anew_after_a_hindrance(
    provider: Provider, terms: Terms, hindered: Hinder, prepared: Path, *, tmp_path: Path
):
    folder = tmp_path.with_name("forgotten keys")
    folder.mkdir()
    told = replace(terms, seal_key="board")
    provider.enrol(folder, "board", AGENCY, kind="agency")
    provider.enrol(folder, "yen", "Lê Thị Yến", validDays=-2)
    provider.enrol(folder, "dung", "Lê Thị Dung")
    async with Pades(OldKeys(KeyFiles(folder, PASSPHRASE)), told, now) as pades:
        assert await hindered(pades, "yen") is Hindrance.CERTIFICATE_EXPIRED
        renew(provider, folder, "yen", "Lê Thị Yến")
        pades.keys("yen")
        provider.revoke("renewed-yen")
        assert await hindered(pades, "yen") is Hindrance.CERTIFICATE_REVOKED
        (folder / "dung.p12").rename(folder / "yen.p12")
        await sign_as("yen", pades, prepared, tmp_path / "signed.pdf")


async def test_a_certificate_that_ends_while_the_service_runs_signs_no_more(
    terms: Terms, hindered: Hinder, keys: Path
):
    later = now() + timedelta(days=400)
    async with Pades(KeyFiles(keys, PASSPHRASE), terms, lambda: later) as pades:
        assert await hindered(pades) is Hindrance.CERTIFICATE_EXPIRED


async def test_a_certificate_from_elsewhere_is_not_believed(
    provider: Provider, terms: Terms, hindered: Hinder, keys: Path
):
    provider.enrol(keys, "stranger", "Người Lạ", foreign=True)
    async with Pades(KeyFiles(keys, PASSPHRASE), terms, now) as pades:
        assert await hindered(pades, "stranger") is Hindrance.LEVEL_NOT_REACHED


async def test_a_time_stamping_authority_from_elsewhere_is_not_believed(
    provider: Provider, terms: Terms, hindered: Hinder, keys: Path
):
    roots = provider.http.get("/certificates/foreign.pem").raise_for_status().content
    (keys / "foreign.pem").write_bytes(roots)
    trusting = replace(terms, trust=Trust.read(keys / "foreign.pem"))
    provider.enrol(keys, "stranger", "Người Lạ", foreign=True)
    provider.enrol(keys, "strange-seal", AGENCY, kind="agency", foreign=True)
    told = replace(trusting, seal_key="strange-seal")
    async with Pades(KeyFiles(keys, PASSPHRASE), told, now) as pades:
        assert await hindered(pades, "stranger") is Hindrance.TIME_STAMP_WRONG


async def test_nothing_listens_at_all(terms: Terms, hindered: Hinder, keys: Path):
    nowhere = replace(terms, tsa_url="http://127.0.0.1:9/tsa")
    async with Pades(KeyFiles(keys, PASSPHRASE), nowhere, now) as pades:
        assert await hindered(pades) is Hindrance.TIME_STAMP_AWAY


async def test_an_answer_that_takes_seconds_is_not_too_new(
    provider: Provider, terms: Terms, keys: Path, prepared: Path, tmp_path: Path
):
    """A responder says its own time, which is later than our question."""
    provider.misbehave({"kind": "delay", "target": "ocsp", "times": 3, "seconds": 3})
    patient = replace(terms, request_seconds=8)
    async with Pades(KeyFiles(keys, PASSPHRASE), patient, now) as pades:
        await asyncio.wait_for(sign_as("dao", pades, prepared, tmp_path / "signed.pdf"), 15)
