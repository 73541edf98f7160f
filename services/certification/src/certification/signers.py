"""Who signs, as the settings say."""

from pathlib import Path

from pydantic import SecretStr

from certification.settings import KeySettings, Settings
from certification.signing import SigningProcesses
from certification.signing_jobs import Station


def open_signer(settings: Settings) -> SigningProcesses:
    """Processes with the keys of the settings; they start when the first copy is to be signed."""
    return SigningProcesses(
        station(settings), processes=settings.signing_processes, queue=settings.signing_queue
    )


def station(settings: Settings) -> Station:
    """What each of them is told."""
    keys = settings.keys
    place, secret = _whereabouts(keys)
    return Station(
        kind=keys.kind,
        place=place,
        token=keys.token or "",
        secret=secret.get_secret_value(),
        seal_key=settings.seal_key,
        agency=settings.agency_name,
        level=settings.level,
        tsa_url=str(settings.tsa_url),
        trust_roots=settings.trust_roots,
        appearances=settings.appearances,
        # A list of revocations may be asked for after an OCSP responder was waited for.
        request_seconds=max(1, min(10, int(settings.signing_seconds) // 4)),
    )


def _whereabouts(keys: KeySettings) -> tuple[Path, SecretStr]:
    if keys.kind == "files":
        place, secret = keys.folder, keys.passphrase
    else:
        place, secret = keys.module, keys.pin
    if place is None or secret is None:
        raise ValueError(f"keys of the kind {keys.kind} are not described whole")
    return place, secret
