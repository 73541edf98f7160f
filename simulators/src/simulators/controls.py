"""The routes that every simulator has: health, faults, ledger."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, HTTPException
from pydantic import JsonValue

from simulators.faults import Fault, Faults, UnknownFaultError
from simulators.ledger import Ledger


def control_routes(name: str, faults: Faults, ledger: Ledger) -> APIRouter:
    router = APIRouter(tags=["controls"])

    @router.get("/_health")
    async def health() -> dict[str, str | Mapping[str, str]]:
        return {"status": "ok", "simulator": name, "faultKinds": faults.known}

    @router.get("/_faults")
    async def list_faults() -> list[Fault]:
        return list(faults.waiting)

    @router.put("/_faults")
    async def replace_faults(wanted: list[Fault]) -> list[Fault]:
        try:
            faults.replace(wanted)
        except UnknownFaultError as error:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
        return list(faults.waiting)

    @router.delete("/_faults", status_code=HTTPStatus.NO_CONTENT)
    async def clear_faults() -> None:
        faults.replace([])

    @router.get("/_ledger")
    async def read_ledger(after: int = 0, kind: str | None = None) -> list[dict[str, JsonValue]]:
        """Everything since entry number `after`, of one kind if asked."""
        return [
            entry.flat() for entry in ledger.entries[max(after, 0) :] if kind in {None, entry.kind}
        ]

    return router
