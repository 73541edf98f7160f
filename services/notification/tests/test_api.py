from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx2
import pytest

from chassis import access
from chassis.access import Role
from chassis.testing.access import Issuer, assert_guarded
from notification.domain import State
from notification.settings import Settings

from .mail_sink import MailSink
from .samples import ID, registered
from .whole import Notification, fact

NOBODY = "0199c0de-0000-7000-8000-00000000ffff"


@dataclass
class Operator:
    """An operator at the API."""

    client: httpx2.AsyncClient
    issuer: Issuer

    async def get(self, path: str) -> httpx2.Response:
        return await self.client.get(path, headers=self._token(Role.OPERATOR))

    async def resend(
        self, message_id: str, why: str = "The citizen has no mail"
    ) -> httpx2.Response:
        path = f"/v1/messages/{message_id}/resend"
        return await self.client.post(path, json={"why": why}, headers=self._token(Role.OPERATOR))

    def _token(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token('hung', role)}"}


@pytest.fixture
async def operator(notification: Notification, settings: Settings) -> AsyncGenerator[Operator]:
    issuer = Issuer(settings.oidc)
    access.install(notification.service.http, issuer.tokens())
    transport = httpx2.ASGITransport(notification.service.http)
    async with httpx2.AsyncClient(transport=transport, base_url="http://notification") as client:
        yield Operator(client, issuer)


async def a_message(notification: Notification) -> str:
    await notification.meet()
    await notification.hear(fact(registered()))
    await notification.send()
    return (await notification.message()).id


async def test_only_operators_come_in(notification: Notification, operator: Operator) -> None:
    assert_guarded(notification.service.http, public={"GET /livez", "GET /readyz", "GET /metrics"})
    officer = operator._token(Role.OFFICER)
    answer = await operator.client.get(f"/v1/messages?dossierId={ID}", headers=officer)
    assert answer.status_code == 403


async def test_an_operator_sees_what_became_of_messages(
    notification: Notification, operator: Operator, mail_sink: MailSink
) -> None:
    message_id = await a_message(notification)
    [seen] = (await operator.get(f"/v1/messages?dossierId={ID}")).json()
    assert seen["messageId"] == message_id
    assert seen["state"] == "sent"
    assert [attempt["happening"] for attempt in seen["history"]] == ["accept"]
    assert (await operator.get(f"/v1/messages?dossierId={NOBODY}")).json() == []


async def test_nobody_sees_to_whom_or_what(
    notification: Notification, operator: Operator, mail_sink: MailSink
) -> None:
    await a_message(notification)
    shown = (await operator.get(f"/v1/messages?dossierId={ID}")).text
    for secret in ("Đào", "dao@example.vn", "Kính gửi", "ciphertext", "citizen-7f3a"):
        assert secret not in shown


async def test_an_operator_sends_an_unknown_outcome_again_and_says_why(
    notification: Notification, operator: Operator, mail_sink: MailSink
) -> None:
    mail_sink.misbehave("drop-before")
    message_id = await a_message(notification)
    assert (await notification.message()).state == State.OUTCOME_UNKNOWN
    answer = await operator.resend(message_id)
    assert (answer.status_code, answer.json()["state"]) == (202, "reserved")
    await notification.send()
    assert (await notification.message()).state == State.SENT
    assert len(mail_sink.mails()) == 1
    resent = (await notification.attempts())[1]
    assert (resent.happening, resent.operator) == ("resend", "hung")
    assert resent.why == "The citizen has no mail"


async def test_what_was_sent_is_not_sent_again(
    notification: Notification, operator: Operator, mail_sink: MailSink
) -> None:
    answer = await operator.resend(await a_message(notification))
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/not-resendable")
    await notification.send()
    assert len(mail_sink.mails()) == 1


async def test_resending_needs_a_message_and_a_reason(operator: Operator) -> None:
    assert (await operator.resend(NOBODY)).status_code == 404
    assert (await operator.resend("nonsense")).status_code == 422
    assert (await operator.resend(NOBODY, why="")).status_code == 422
    assert (await operator.get("/v1/messages")).status_code == 422
