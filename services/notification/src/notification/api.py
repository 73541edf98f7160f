"""HTTP for operators: what became of messages, without text or recipient; sending one again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from chassis.access import Principal, Role, require
from chassis.app import Service
from chassis.errors import Conflict
from motcua_contracts.types import DossierId, Uuid
from notification.domain import TRANSITIONS, Happening, State
from notification.models import Attempt, Message
from notification.work import Intervention, NotificationWork

Operator = Annotated[Principal, Depends(require(Role.OPERATOR))]


class NotResendable(
    Conflict, vi="Không gửi lại được thông báo này", en="This message cannot be sent again"
):
    """Only what failed, or whose outcome nobody knows, is sent again."""


class _View(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)


class AttemptView(_View):
    number: int
    happened_at: datetime
    happening: str
    reason: str | None
    reply_code: int | None
    operator: str | None
    why: str | None


class MessageView(_View):
    message_id: str
    fact_event_id: str
    fact_type: str
    channel: str
    template: str
    template_version: int
    state: str
    reason: str | None
    reply_code: int | None
    attempts: int
    reserved_at: datetime
    changed_at: datetime
    due_at: datetime | None
    history: list[AttemptView]

    @classmethod
    def of(cls, message: Message, attempts: list[Attempt]) -> "MessageView":
        history = [AttemptView.model_validate(attempt) for attempt in attempts]
        return cls(message_id=message.id, history=history, **message.model_dump())


class Resend(BaseModel):
    """Why an operator wants a message to be sent again; kept with it."""

    model_config = ConfigDict(extra="forbid")

    why: Annotated[str, Field(min_length=5, max_length=500)]


def routes(service: Service[NotificationWork]) -> APIRouter:
    router = APIRouter(prefix="/v1/messages", tags=["messages"])

    @router.get("")
    async def list_messages(
        _: Operator, dossier_id: Annotated[DossierId, Query(alias="dossierId")]
    ) -> list[MessageView]:
        async with service.request() as work:
            return await _views(await work.messages.of_dossier(dossier_id), work)

    @router.post("/{message_id}/resend", status_code=202)
    async def resend(operator: Operator, message_id: Uuid, wish: Resend) -> MessageView:
        async with service.request() as work:
            message = await work.messages.get(message_id)
            if (State(message.state), Happening.RESEND) not in TRANSITIONS:
                raise NotResendable(f"it is {message.state}: only what failed can be sent again")
            work.renew(message, Intervention(operator.subject, wish.why))
        async with service.request() as work:
            [view] = await _views([message], work)
            return view

    return router


async def _views(messages: Sequence[Message], work: NotificationWork) -> list[MessageView]:
    attempts = await work.attempts.of_messages([message.id for message in messages])
    return [
        MessageView.of(message, [a for a in attempts if a.message_id == message.id])
        for message in messages
    ]
