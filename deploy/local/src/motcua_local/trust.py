"""The keys that certification signs with here: enrolled once at the simulated authority."""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from motcua_local.errors import LocalError
from motcua_local.folders import make_folder, write_secret
from motcua_local.surroundings import SEAL, SIGNER, Surroundings

_PERSON = {
    "kind": "person",
    "name": SIGNER.name,
    "title": SIGNER.title,
    "organisation": SIGNER.agency,
}
_AGENCY = {"kind": "agency", "name": SIGNER.agency, "organisation": SIGNER.agency}


def enrol(around: Surroundings) -> None:
    """Fetch the key files that are not here yet, and the root certificate they lead to."""
    folder, authority = make_folder(around.keys_folder), around.url("trust")
    keys = {folder / f"{SIGNER.key}.p12": _PERSON, folder / f"{SEAL}.p12": _AGENCY}
    for file, who in keys.items():
        if not file.exists():
            wish = {"label": file.stem, "passphrase": around.keys_passphrase(), **who}
            write_secret(file, _fetch(f"{authority}/_identities", wish))
    _believe(around.trust_roots, folder / "root.pem", f"{authority}/trust-roots.pem")


def _believe(all_roots: Path, root: Path, url: str) -> None:
    """Copies of an authority that moved away stay valid: its root is kept."""
    if root.exists():
        return
    known = all_roots.read_bytes() if all_roots.exists() else b""
    fetched = _fetch(url)
    write_secret(all_roots, known + fetched)
    write_secret(root, fetched)


def _fetch(url: str, body: Mapping[str, str] | None = None) -> bytes:
    data = json.dumps(body).encode() if body else None
    request = Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own simulator
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            content: bytes = answer.read()
            return content
    except URLError as error:
        raise LocalError(
            f"no keys for certification: the simulated authority did not answer ({error})",
            next_step="motcua up trust, then again",
        ) from error
