"""`CopySigner` in processes of its own: the service never sees a key and never waits for a CPU.

Copies are prepared in one process and signed in others: the parser of PDFs, which is written in C++
and reads what strangers sent, and the keys are never in one memory.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Self, TypeVar

from certification.ports import Attestation, Certificate, Hindered, Hindrance, SignedCopy
from certification.processes import Pool, Program
from certification.signing_jobs import Answer, Prepare, Sign, Station, TellCertificates

T = TypeVar("T")

_PASSED_ON = {"HOME", "LANG", "PATH", "SOFTHSM2_CONF", "SSL_CERT_DIR", "SSL_CERT_FILE", "TZ"}
_FOR_DRIVERS = "PKCS11_"

_BEFORE_THE_PIN = {Hindrance.WRONG_PIN, Hindrance.KEY_AWAY}


class SigningProcesses:
    """A `CopySigner`; use it as a context, or call `close`. Beyond what the port says it raises
    `QueueFull` and `Interrupted`, both `Transient`.
    """

    def __init__(self, station: Station, *, processes: int, queue: int) -> None:
        signing = Program(
            "signing",
            "certification.signing_worker",
            greeting=station,
            environment=_passed_on(os.environ),
        )
        preparing = Program("preparing", "certification.preparing_worker", environment={})
        self._signing = Pool(signing, processes=processes, queue=queue)
        self._preparing = Pool(preparing, processes=1, queue=queue)
        self._gate = _PinGate(counted=station.kind == "pkcs11")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._signing.close()
        await self._preparing.close()

    async def certificates(self, person: str) -> tuple[Certificate, Certificate]:
        async with self._gate.passed():
            answer = _read(await self._signing.do(TellCertificates(person=person)))
        return _present(answer.certificates)

    async def prepare(self, clean: Path, target: Path, attestation: Attestation) -> str:
        job = Prepare(clean=clean, target=target, attestation=attestation)
        return _present(_read(await self._preparing.do(job)).sha256)

    async def sign(
        self,
        prepared: Path,
        target: Path,
        *,
        person: str,
        certificates: tuple[Certificate, Certificate],
    ) -> SignedCopy:
        hand, seal = (certificate.fingerprint for certificate in certificates)
        job = Sign(prepared=prepared, target=target, person=person, recorded=(hand, seal))
        async with self._gate.passed():
            answer = _read(await self._signing.do(job))
        return _present(answer.signed)


class _PinGate:
    """A token counts wrong PINs and locks itself: until one process was let in they try one by one,
    and after a refusal none tries again until the service starts anew, with another PIN.
    """

    def __init__(self, *, counted: bool) -> None:
        self._counted = counted
        self._open = not counted
        self._one_by_one = asyncio.Lock()
        self._refusal: str | None = None

    @asynccontextmanager
    async def passed(self) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            if not self._open:
                await stack.enter_async_context(self._one_by_one)
            if self._open:
                await stack.aclose()
            if self._refusal:
                raise Hindered(Hindrance.WRONG_PIN, self._refusal)
            try:
                yield
            except Hindered as hindered:
                if self._counted and hindered.hindrance is Hindrance.WRONG_PIN:
                    self._refusal = str(hindered)
                # Whatever else hinders came after the PIN, unless the token was away.
                self._open |= hindered.hindrance not in _BEFORE_THE_PIN
                raise
            self._open = True


def _passed_on(environment: Mapping[str, str]) -> Mapping[str, str]:
    """What Python and SoftHSM look for, and what another module's driver needs: `PKCS11_<NAME>` is
    given to it as `<NAME>`. Nothing else, for the service has its secrets there.
    """
    ours = {
        name: told
        for name, told in environment.items()
        if name in _PASSED_ON or name.startswith("LC_")
    }
    drivers = {
        name.removeprefix(_FOR_DRIVERS): told
        for name, told in environment.items()
        if name.startswith(_FOR_DRIVERS)
    }
    return ours | drivers


def _read(line: bytes) -> Answer:
    answer = Answer.model_validate_json(line)
    if answer.hindrance:
        raise Hindered(answer.hindrance, answer.message)
    if answer.bug:
        raise RuntimeError(f"the process failed: {answer.bug}")
    return answer


def _present(part: T | None) -> T:
    if part is None:
        raise RuntimeError("the process answered another question")
    return part
