"""What of a copy is about a person, sealed in its row, and how it is found again without opening.

Each value is bound to its copy: moved to another row it does not open there.
"""

import hmac
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from certification.codes import as_typed
from certification.models import Copy
from chassis.encryption import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asked for a copy, and of which document. It stays out of `repr`, and so out of logs."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    title: str = field(repr=False)


_REQUEST = TypeAdapter(Request)


class Sealing:
    """Seals and opens with the keys of certification."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def seal_request(self, copy_id: str, request: Request) -> str:
        return self._keyring.encrypt(_REQUEST.dump_json(request), context=f"request:{copy_id}")

    def request(self, copy: Copy) -> Request:
        """Who asked for it, opened. Raises `Tampered` or `UnknownKey`."""
        opened = self._keyring.decrypt(copy.request, context=f"request:{copy.id}")
        return _REQUEST.validate_json(opened)

    def requester_index(self, id_number: str) -> str:
        """Finds the copies that the holder of an identity number asked for."""
        plain = "".join(id_number.split()).upper()
        return self._keyring.blind_index(f"requester:{plain}")

    def seal_code(self, copy_id: str, code: str) -> str:
        return self._keyring.encrypt(code.encode(), context=f"code:{copy_id}")

    def code(self, copy: Copy) -> str | None:
        """The check code, once the copy has one: to print it, and to show it to those concerned."""
        if copy.code is None:
            return None
        return self._keyring.decrypt(copy.code, context=f"code:{copy.id}").decode()

    def code_index(self, copy_id: str, code: str) -> str:
        return self._keyring.blind_index(f"code:{copy_id}:{code}")

    def is_code(self, copy: Copy, typed: str) -> bool:
        """Whether somebody typed the code of this copy."""
        index = self.code_index(copy.id, as_typed(typed))
        return hmac.compare_digest(index, copy.code_index or "")
