"""Events of notification (thông báo), published on `motcua.notification.events.v1`."""

from typing import Annotated, ClassVar

from pydantic import Field

from motcua_contracts.envelope import AboutDossier
from motcua_contracts.topics import NOTIFICATION_EVENTS, Topic
from motcua_contracts.types import Code, NotificationChannel, ReasonCode, Uuid


class NotificationEvent(AboutDossier):
    """What every fact about a message says; neither recipient nor text."""

    topic: ClassVar[Topic | None] = NOTIFICATION_EVENTS

    message_id: Uuid
    """Identity of the message."""
    fact_event_id: Uuid
    """Id of the event that the citizen was told about."""
    channel: NotificationChannel
    """How the citizen was told."""
    template: Code
    """Template of the text."""
    template_version: Annotated[int, Field(ge=1)]
    """Version of the template."""
    provider: Code
    """Who carried it, such as `smtp`."""


class NotificationSent(NotificationEvent):
    """A provider took the message over."""

    type: ClassVar[str] = "vn.motcua.notification.sent.v1"


class NotificationFailed(NotificationEvent):
    """The message will not be delivered and will not be tried again."""

    type: ClassVar[str] = "vn.motcua.notification.failed.v1"

    reason_code: ReasonCode
    """Why, such as `recipient-refused`."""


class NotificationOutcomeUnknown(NotificationEvent):
    """Nobody knows whether the provider has the message; it is not sent twice."""

    type: ClassVar[str] = "vn.motcua.notification.outcome-unknown.v1"

    reason_code: ReasonCode
    """Why it is not known, such as `connection-lost`."""
