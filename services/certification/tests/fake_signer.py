"""A signer whose signatures are lines of text: it can be hindered, slow, or stop midway."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from certification.ports import Attestation, Certificate, Hindered, Hindrance, SignedCopy
from motcua_contracts.types import SignatureLevel

END = datetime(2030, 1, 1, tzinfo=UTC)
SIGNED_AT = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)


def fingerprint(label: str) -> str:
    return hashlib.sha256(label.encode()).hexdigest()


def certificate(label: str, *, not_after: datetime = END) -> Certificate:
    return Certificate(fingerprint(label), f"CN={label}", not_after)


@dataclass
class FakeSigner:
    """`person` and `seal` name the certificates that the keys have now."""

    person: Certificate = field(default_factory=lambda: certificate("person"))
    seal: Certificate = field(default_factory=lambda: certificate("seal"))
    hindrances: list[Hindrance | Exception] = field(default_factory=list[Hindrance | Exception])
    """What the next signatures meet, one after another."""
    key_hindrance: Hindrance | None = None
    """What whoever asks for certificates meets."""
    level: SignatureLevel = SignatureLevel.B_LTA
    seconds: float = 0
    gate: asyncio.Event | None = None
    """What a signature waits for."""
    prepared: list[Attestation] = field(default_factory=list[Attestation])
    signed: list[str] = field(default_factory=list[str])
    """Digests of everything that was ever signed."""
    asked: list[str] = field(default_factory=list[str])
    """Whose keys were to sign."""
    at_once: int = 0
    most_at_once: int = 0

    async def certificates(self, person: str) -> tuple[Certificate, Certificate]:
        if self.key_hindrance:
            raise Hindered(self.key_hindrance)
        return self.person, self.seal

    async def prepare(self, clean: Path, target: Path, attestation: Attestation) -> str:
        self.prepared.append(attestation)
        return _extend(clean, target, f"number {attestation.number}")

    async def sign(
        self,
        prepared: Path,
        target: Path,
        *,
        person: str,
        certificates: tuple[Certificate, Certificate],
    ) -> SignedCopy:
        self.asked.append(person)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            if self.gate:
                await self.gate.wait()
            if self.hindrances:
                met = self.hindrances.pop(0)
                raise Hindered(met) if isinstance(met, Hindrance) else met
            return self._sign(prepared, target)
        finally:
            self.at_once -= 1

    def _sign(self, prepared: Path, target: Path) -> SignedCopy:
        sha256 = _extend(prepared, target, f"signature {len(self.signed) + 1}")
        self.signed.append(sha256)
        return SignedCopy(sha256, SIGNED_AT, self.level)


def _extend(source: Path, target: Path, line: str) -> str:
    content = source.read_bytes() + f"\n%% {line}".encode()
    target.write_bytes(content)
    return hashlib.sha256(content).hexdigest()
