"""Signs with the certificates that the keys have at the moment."""

from pathlib import Path

from certification.pades import Pades
from certification.ports import SignedCopy
from certification.signing import SigningProcesses


async def sign_as(person: str, pades: Pades, prepared: Path, target: Path) -> SignedCopy:
    hand, seal = (key.described().fingerprint for key in pades.keys(person))
    return await pades.sign(prepared, target, person, recorded=(hand, seal))


async def signed_by(
    person: str, signer: SigningProcesses, prepared: Path, target: Path
) -> SignedCopy:
    told = await signer.certificates(person)
    return await signer.sign(prepared, target, person=person, certificates=told)
