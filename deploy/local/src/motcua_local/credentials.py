"""Development credentials: made on this machine, never in the repository."""

import base64
import json
import secrets
from pathlib import Path

from motcua_local.folders import locked, read_json, write_secret


class Credentials:
    """Named random secrets of one folder, kept in `secrets.json` (mode 600)."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "secrets.json"
        self._lock = folder / ".secrets.lock"

    def __contains__(self, name: str) -> bool:
        return name in read_json(self._path)

    def password(self, name: str) -> str:
        """A password of 32 letters and digits, safe in URLs, JAAS lines and properties files."""
        return self._remember(name, secrets.token_hex(16))

    def key(self, name: str) -> str:
        """A key of 32 bytes in base64."""
        return self._remember(name, base64.b64encode(secrets.token_bytes(32)).decode())

    def _remember(self, name: str, fresh: str) -> str:
        with locked(self._lock):
            known = read_json(self._path)
            if name not in known:
                known[name] = fresh
                write_secret(self._path, json.dumps(known, indent=2))
            return known[name]
