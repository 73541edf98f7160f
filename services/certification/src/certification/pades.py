"""The two signatures of a copy, PAdES (ETSI EN 319 142-1) with pyHanko: the person's certifies it
and lets the seal follow, the agency's seal locks it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Self

import aiohttp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSignatureMetadata,
    PdfSigner,
    SigDSSPlacementPreference,
)
from pyhanko_certvalidator import ValidationContext

from certification.appearance import Handwriting, Look, Picture, Seal
from certification.keys import Key, KeySigner, KeyStore
from certification.levels import require_level
from certification.measures import PERSON_FIELD, SEAL_FIELD
from certification.ports import Hindered, Hindrance, SignedCopy
from certification.time_stamps import TimeStampingAuthority
from certification.trust import Trust, as_hindrance, online, require_usable
from certification.writing import write_durably
from motcua_contracts.types import SignatureLevel

_ATTRIBUTES = 1536
"""Bytes for what a signature says beside certificates, key and time: a third of it, as a rule."""

_TOGETHER = DSSContentSettings(
    include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
)
"""What a check needs goes into the revision of its signature: nothing is written after the seal but
a time-stamp.
"""


@dataclass(frozen=True)
class Terms:
    """What every signature of this agency has in common."""

    level: SignatureLevel
    tsa_url: str
    trust: Trust
    seal_key: str
    agency: str
    appearances: Path | None = None
    request_seconds: int = 10


class Pades:
    """Signs one copy after another. Use it as a context: it keeps connections open."""

    def __init__(self, keys: KeyStore, terms: Terms, clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._terms = terms
        self._clock = clock
        self._pictures: dict[str, Picture | None] = {}
        self._session: aiohttp.ClientSession | None = None
        self._tsa: TimeStampingAuthority | None = None

    async def __aenter__(self) -> Self:
        # Servers close a quiet connection after five seconds or more; ours must be given up first,
        # for a question into a closing one is lost, and looks as if the authority were away.
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=2))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session:
            await self._session.close()

    def keys(self, person: str) -> tuple[Key, Key]:
        """Those of the person and of the seal, within their time. Raises `Hindered`."""
        return self._valid(person), self._valid(self._terms.seal_key)

    def _valid(self, label: str) -> Key:
        now = self._clock()
        try:
            return self._keys.key(label).valid(now)
        except Hindered as hindered:
            if hindered.hindrance is not Hindrance.CERTIFICATE_EXPIRED:
                raise
            # Renewed, perhaps.
            self._keys.forget()
            return self._keys.key(label).valid(now)

    async def sign(
        self, prepared: Path, target: Path, person: str, *, recorded: tuple[str, str]
    ) -> SignedCopy:
        """Raises `Hindered`, also if the keys' certificates are not those with the fingerprints
        `recorded`; then there is no file at `target`.
        """
        hand, seal = self.keys(person)
        try:
            _require_recorded((hand, seal), recorded)
            content, signed_at = await self._signed(prepared, hand, seal)
        except Hindered:
            # A key may have been renewed, and the time-stamping authority's certificate, too.
            self._keys.forget()
            self._tsa = None
            raise
        return SignedCopy(write_durably(target, content), signed_at, self._terms.level)

    async def _signed(self, prepared: Path, hand: Key, seal: Key) -> tuple[bytes, datetime]:
        terms = self._terms
        context = terms.trust.online(self._connected(), terms.level, seconds=terms.request_seconds)
        await self._require_usable(hand, seal, context)
        content = BytesIO(prepared.read_bytes())  # noqa: ASYNC240 - alone in its process
        await self._sign(content, hand, self._person_signer(hand, context))
        await self._sign(content, seal, self._seal_signer(seal, context))
        signed_at = await require_level(
            content,
            terms.level,
            signers=(hand.certificate, seal.certificate),
            trust=terms.trust,
        )
        return content.getvalue(), signed_at

    async def _require_usable(self, hand: Key, seal: Key, context: ValidationContext) -> None:
        """Before anything is signed, and all at once: each may ask a server far away."""
        found = await asyncio.gather(
            require_usable(hand, context),
            require_usable(seal, context),
            self._require_time(context),
            return_exceptions=True,
        )
        for error in found:
            if error is not None:
                raise error

    async def _require_time(self, context: ValidationContext) -> None:
        whose = "time-stamping authority"
        with online(whose), as_hindrance(whose, Hindrance.TIME_STAMP_WRONG):
            async for _ in self._authority().validation_paths(context):
                pass

    def _person_signer(self, key: Key, context: ValidationContext) -> PdfSigner:
        metadata = replace(
            self._metadata(context),
            field_name=PERSON_FIELD,
            certify=True,
            docmdp_permissions=MDPPerm.FILL_FORMS,
            reason="Chứng thực bản sao đúng với bản chính",
        )
        look = Handwriting(name=key.common_name, picture=self._picture(key.label))
        return self._signer(key, metadata, look)

    def _seal_signer(self, key: Key, context: ValidationContext) -> PdfSigner:
        metadata = replace(
            self._metadata(context),
            field_name=SEAL_FIELD,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            # One time-stamp over everything keeps both signatures.
            use_pades_lta=self._terms.level is SignatureLevel.B_LTA,
            timestamp_field_name="time",
        )
        look = Seal(agency=self._terms.agency, clock=self._clock, picture=self._picture(key.label))
        return self._signer(key, metadata, look)

    def _metadata(self, context: ValidationContext) -> PdfSignatureMetadata:
        lasting = self._terms.level is not SignatureLevel.B_T
        return PdfSignatureMetadata(
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            validation_context=context,
            embed_validation_info=lasting,
            dss_settings=_TOGETHER if lasting else DSSContentSettings(),
        )

    def _signer(self, key: Key, metadata: PdfSignatureMetadata, look: Look) -> PdfSigner:
        return PdfSigner(metadata, KeySigner(key), timestamper=self._authority(), stamp_style=look)

    async def _sign(self, content: BytesIO, key: Key, signer: PdfSigner) -> None:
        # Left to itself pyHanko makes each signature twice, to see how long it is, and then leaves
        # half as much again empty, which it reads digit by digit whenever it opens the file.
        sample = await self._authority().async_dummy_response("sha256")
        room = key.size + len(sample.dump()) + _ATTRIBUTES
        with as_hindrance(key.label):
            await signer.async_sign_pdf(
                IncrementalPdfFileWriter(content),
                existing_fields_only=True,
                bytes_reserved=2 * room,
                in_place=True,
            )

    def _authority(self) -> TimeStampingAuthority:
        if self._tsa is None:
            self._tsa = TimeStampingAuthority(
                self._terms.tsa_url,
                self._connected(),
                seconds=self._terms.request_seconds,
                clock=self._clock,
            )
        return self._tsa

    def _connected(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use Pades as a context")
        return self._session

    def _picture(self, label: str) -> Picture | None:
        """The image of a signature, read once."""
        folder = self._terms.appearances
        if folder and label not in self._pictures:
            path = folder / f"{label}.png"
            self._pictures[label] = Picture.read(path) if path.exists() else None
        return self._pictures.get(label)


def _require_recorded(keys: tuple[Key, Key], recorded: tuple[str, str]) -> None:
    """What is recorded of a copy is what the public check will ask for."""
    if recorded != tuple(key.described().fingerprint for key in keys):
        raise Hindered(
            Hindrance.KEY_AWAY, "a certificate was renewed meanwhile: it is recorded first"
        )
