"""People and systems at the doors of the HTTP APIs, and what an applicant does there."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from motcua_local.demo.papers import pdf
from motcua_local.demo.people import Person, http
from motcua_local.demo.stories import JUDICIAL_RECORD_FORM, OFFICER
from tests.eventually import eventually

CITIZEN = "nguyen-thi-dao"
CONTACT = {"fullName": "Nguyễn Thị Đào", "email": f"{CITIZEN}@example.vn", "phone": "0912345678"}
Json = dict[str, Any]


def minted(endpoints: Mapping[str, Any], **wish: object) -> Person:
    """Somebody with any token, right or wrong, as the identity provider's `/_tokens` is asked."""
    answer = http().post(f"{endpoints['identity']['issuer']}/_tokens", json=wish)
    token = answer.raise_for_status().json()["access_token"]
    return Person(str(wish.get("person") or wish.get("client")), token)


@dataclass(frozen=True)
class Doors:
    """Where the APIs answer."""

    endpoints: Mapping[str, Any]

    @property
    def intake(self) -> str:
        return self.endpoints["services"]["intake"]["url"]

    @property
    def payment(self) -> str:
        return self.endpoints["services"]["payment"]["url"]

    @property
    def certification(self) -> str:
        return self.endpoints["services"]["certification"]["url"]

    @property
    def gateway(self) -> str:
        return self.endpoints["gateways"]["vnpay"]["url"]

    @cached_property
    def officer(self) -> Person:
        return minted(self.endpoints, person=OFFICER)

    def citizen(self, subject: str | None = None) -> Person:
        """A citizen whom nobody has seen before, or the one with this subject."""
        return minted(self.endpoints, person=CITIZEN, claims={"sub": subject or str(uuid4())})


@dataclass(frozen=True)
class Applicant:
    """A citizen with a dossier of their own."""

    doors: Doors
    person: Person

    def upload(self, kind: str, *, name: str | None = None, content: bytes | None = None) -> Json:
        """A paper, ready to be handed in."""
        answer = self.person.send(
            "POST",
            f"{self.doors.intake}/v1/files",
            params={"name": name or f"{kind}.pdf"},
            content=pdf(kind) if content is None else content,
        )
        return {"kind": kind, "fileId": answer.json()["fileId"]}

    def file(self, filing: Json) -> Json:
        return self.person.post(f"{self.doors.intake}/v1/dossiers", filing, key=str(uuid4()))

    def certificate(self) -> Json:
        """What asks for a judicial record certificate."""
        return {
            "procedureCode": "2.000488",
            "channel": "online",
            "form": JUDICIAL_RECORD_FORM,
            "contact": CONTACT,
            "papers": [self.upload("identity-card")],
        }

    def read(self, dossier_id: str) -> Json:
        return self.person.get(f"{self.doors.intake}/v1/dossiers/{dossier_id}")

    def wait_for_status(self, dossier_id: str, status: int) -> Json:
        def reached() -> Json | None:
            dossier = self.read(dossier_id)
            return dossier if dossier["status"] == status else None

        return eventually(reached, what=f"status {status}")

    def orders(self, dossier_id: str) -> list[Json]:
        """All orders of the dossier, oldest first; none before payment has heard of it."""
        headers = {"Authorization": f"Bearer {self.person.token}"}
        answer = http().get(self._orders_url(dossier_id), headers=headers)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return []
        return answer.raise_for_status().json()

    def order(self, dossier_id: str) -> Json:
        """The newest order, once payment has opened one."""
        return eventually(lambda: self.orders(dossier_id), what="an order")[-1]

    def ask_for_order(self, dossier_id: str) -> Json:
        """The order that can be paid now, anew if the last one ran out."""
        return self.person.post(self._orders_url(dossier_id))

    def _orders_url(self, dossier_id: str) -> str:
        return f"{self.doors.payment}/v1/dossiers/{dossier_id}/orders"

    def pay(self, dossier_id: str) -> str:
        """Pay at the gateway; gives back the transaction's reference."""
        order = self.order(dossier_id)
        attempts = f"{self.doors.payment}/v1/orders/{order['orderId']}/attempts"
        attempt = self.person.post(attempts, {"gateway": "vnpay"}, key=str(uuid4()))
        choice = {"payUrl": attempt["payUrl"], "decision": "pay"}
        http().post(f"{self.doors.gateway}/paymentv2/decide", data=choice)
        return attempt["txnRef"]

    def supplement(self, dossier_id: str, papers: list[Json]) -> None:
        url = f"{self.doors.intake}/v1/dossiers/{dossier_id}/supplements"
        self.person.post(url, {"papers": papers}, key=str(uuid4()))

    def received(self, dossier_id: str) -> Json:
        """The one-stop officer receives the dossier; gives back where it stands then."""
        return self._officer_does("receive", dossier_id)

    def returned(self, dossier_id: str) -> None:
        """The one-stop officer hands over the result."""
        self._officer_does("return", dossier_id)

    def _officer_does(self, command: str, dossier_id: str) -> Json:
        url = f"{self.doors.intake}/v1/dossiers/{dossier_id}/{command}"
        return self.doors.officer.post(url, key=str(uuid4()))
