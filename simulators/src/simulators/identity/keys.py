"""Signing keys: one that signs, one that waits, and the one before, still published."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeyParameters, KeySet, RSAKey

from simulators.errors import SimulatorError
from simulators.keeping import write_whole

Key = ECKey | RSAKey


def new_key(algorithm: str) -> Key:
    parameters: KeyParameters = {"use": "sig", "alg": algorithm}
    if algorithm == "RS256":
        return RSAKey.generate_key(2048, parameters, auto_kid=True)
    return ECKey.generate_key("P-256", parameters, auto_kid=True)


class Keyring:
    """Newest first: waiting, active, and after a rotation the previous one."""

    def __init__(self, keys: Sequence[Key], algorithm: str, path: Path | None) -> None:
        self._keys = list(keys)
        self._algorithm = algorithm
        self._path = path

    @classmethod
    def open(cls, folder: Path | None, algorithm: str) -> Self:
        path = None if folder is None else folder / "signing-keys.json"
        if path is not None and path.exists():
            return cls(_read(path), algorithm, path)
        keyring = cls([new_key(algorithm), new_key(algorithm)], algorithm, path)
        keyring._save()
        return keyring

    @property
    def waiting(self) -> Key:
        return self._keys[0]

    @property
    def active(self) -> Key:
        return self._keys[1]

    @property
    def previous(self) -> Key | None:
        return self._keys[2] if len(self._keys) > 2 else None

    def published(self) -> dict[str, object]:
        """The JWKS document. The waiting key stands in it so that readers know it in time."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def rotate(self) -> None:
        """The waiting key signs from now on; the one before the active one is gone."""
        self._keys = [new_key(self._algorithm), *self._keys[:2]]
        self._save()

    def _save(self) -> None:
        if self._path is None:
            return
        document = json.dumps({"keys": [key.as_dict(private=True) for key in self._keys]})
        try:
            write_whole(self._path, document.encode())
        except OSError as error:
            raise SimulatorError(
                f"cannot keep the signing keys in {self._path.parent}: {error.strerror}; "
                "choose a writable --state-folder"
            ) from error


def _read(path: Path) -> list[Key]:
    try:
        found = KeySet.import_key_set(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, JoseError) as error:
        raise SimulatorError(
            f"cannot read the signing keys in {path}; "
            "remove the file to start with new ones (tokens in use become invalid)"
        ) from error
    return [key for key in found if isinstance(key, ECKey | RSAKey)]
