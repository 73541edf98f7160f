"""How a simulator is told to misbehave."""

import asyncio
from collections.abc import Mapping, Sequence

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulators.ledger import Ledger


class Fault(BaseModel):
    """What goes wrong, how often, and for whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    times: int = Field(default=1, ge=1, description="how often it strikes before it is used up")
    seconds: float = Field(default=0, ge=0, description="how long, for kinds that wait")
    copies: int = Field(default=2, ge=1, le=1000, description="how many, for `duplicate`")
    amount: int | None = Field(default=None, description="the wrong amount, as on the wire")
    target: str | None = Field(
        default=None,
        description="strike only this recipient, transaction reference, client or endpoint",
    )

    def strikes(self, kind: str, target: str | None) -> bool:
        return self.kind == kind and self.target in {None, target}


class UnknownFaultError(Exception):
    """The simulator does not know how to misbehave in this way."""


class Faults:
    """The faults that wait to strike; `known` explains every kind of this simulator.

    They live in memory: a restarted simulator behaves well until it is told otherwise.
    """

    def __init__(self, known: Mapping[str, str], ledger: Ledger) -> None:
        self.known = known
        self._ledger = ledger
        self._waiting: list[Fault] = []

    @property
    def waiting(self) -> Sequence[Fault]:
        return self._waiting

    def replace(self, faults: Sequence[Fault]) -> None:
        for fault in faults:
            if fault.kind not in self.known:
                kinds = "; ".join(f"{kind}: {meaning}" for kind, meaning in self.known.items())
                raise UnknownFaultError(f"unknown fault kind {fault.kind!r}; choose one of {kinds}")
        self._waiting = list(faults)

    def take(self, kind: str, target: str | None = None) -> Fault | None:
        """The first fault that strikes here, used up by one, or None."""
        for place, fault in enumerate(self._waiting):
            if fault.strikes(kind, target):
                left = fault.model_copy(update={"times": fault.times - 1})
                self._waiting[place : place + 1] = [left] if left.times else []
                self._ledger.record("fault", {"fault": kind, "target": target})
                return fault
        return None


class CutConnection(Response):
    """Promises a body and closes the connection instead: the answer is lost on the way."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"512")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})


async def pause(fault: Fault | None) -> None:
    if fault is not None:
        await asyncio.sleep(fault.seconds)


def break_down(fault: Fault | None) -> None:
    if fault is not None:
        raise HTTPException(500, "the simulator was told to answer 500")
