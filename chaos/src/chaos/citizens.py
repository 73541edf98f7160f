"""Who acts: citizens with papers of their own, an officer, a signer. Each has a token that is
renewed when a service refuses it.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2

from motcua_local.demo.stories import OFFICER, SIGNER

CITIZEN = "nguyen-thi-dao"
DOSSIERS_EACH = 10
SOON_OVER = 300
"""Seconds of a first token."""
LASTING = 60 * 24 * 3600
"""Of each later one: a clock that was put ahead by days must not shut everybody out."""


@dataclass
class Person:
    """Somebody who can sign in. `name` is who the history says acted."""

    name: str
    identity: httpx2.AsyncClient
    wish: Mapping[str, object]
    """What the identity provider is asked for."""
    _token: str | None = None
    _expires_in: int = SOON_OVER
    _signing_in: asyncio.Lock = field(default_factory=asyncio.Lock)

    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def forget_token(self, header: str) -> None:
        """A service did not believe this one; another may have taken its place meanwhile."""
        if header == self.authorization()["Authorization"]:
            self._token = None

    async def sign_in(self) -> None:
        """Have a token. Raises `httpx2.HTTPError` while the identity provider is away."""
        if self._token is not None:
            return
        async with self._signing_in:
            if self._token is None:
                wish = {**self.wish, "expiresIn": self._expires_in}
                answer = await self.identity.post("/_tokens", json=wish)
                self._token = answer.raise_for_status().json()["access_token"]
                self._expires_in = LASTING


@dataclass
class Citizen(Person):
    """Somebody who files dossiers; what they uploaded once they may hand in again."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    """File ids by the kind of paper."""
    uploading: asyncio.Lock = field(default_factory=asyncio.Lock)
    has_mail: bool = True

    @property
    def contact(self) -> dict[str, str]:
        """Where they are told; no two share a mail box."""
        mail = {"email": f"{self.name}@example.vn"} if self.has_mail else {}
        return {"fullName": "Nguyễn Thị Đào", "phone": "0912345678", **mail}


class Population:
    """All who act in a load. A citizen files up to `DOSSIERS_EACH` dossiers, all in one trade: who
    registers companies does it for many owners. One in three has no e-mail.
    """

    def __init__(self, identity: httpx2.AsyncClient) -> None:
        self._identity = identity
        self._begun = Counter[str]()
        self._newest: dict[str, Citizen] = {}
        self.officer = Person(OFFICER, identity, {"person": OFFICER})
        self.signer = Person(SIGNER, identity, {"person": SIGNER})

    def citizen(self, trade: str) -> Citizen:
        """Whose the next dossier of this trade is."""
        if self._begun[trade] % DOSSIERS_EACH == 0:
            subject = str(uuid4())
            wish = {"person": CITIZEN, "claims": {"sub": subject}}
            with_mail = self._begun[trade] // DOSSIERS_EACH % 3 != 2
            self._newest[trade] = Citizen(subject, self._identity, wish, has_mail=with_mail)
        self._begun[trade] += 1
        return self._newest[trade]
