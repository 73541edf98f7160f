"""The three stories. Names and numbers are invented."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from motcua_local.demo import certified_copy
from motcua_local.demo.papers import pdf
from motcua_local.demo.people import Person, http, patiently
from motcua_local.demo.story import Scene, Story

OFFICER = "le-thi-lan"
SIGNER = "hoang-van-minh"
NAMES = {"nguyen-thi-dao": "Nguyễn Thị Đào", "tran-van-binh": "Trần Văn Bình"}

JUDICIAL_RECORD_FORM: dict[str, Any] = {
    "recordKind": "1",
    "fullName": "Nguyễn Thị Đào",
    "birthDate": "1990-03-08",
    "sex": "female",
    "birthPlace": "Ninh Bình",
    "nationality": "VN",
    "citizenId": "037190000101",
    "permanentAddress": "Số 12, đường Trần Hưng Đạo, phường Hoa Lư, tỉnh Ninh Bình",
    "purpose": "Bổ túc hồ sơ xin việc",
    "residences": [
        {"from": "2004-03-08", "address": "Ninh Bình", "occupation": "Học sinh, kế toán"}
    ],
    "declaration": True,
}

COMPANY_FORM: dict[str, Any] = {
    "companyName": "Công ty TNHH MTV Chè Tam Điệp",
    "headOffice": {"street": "Tổ 5", "commune": "phường Tam Điệp", "province": "tỉnh Ninh Bình"},
    "phone": "0912345678",
    "businessLines": [{"code": "1076", "main": True}],
    "charterCapital": 500_000_000,
    "owner": {"fullName": "Trần Văn Bình", "birthDate": "1985-07-20", "citizenId": "037085000202"},
    "representative": {
        "fullName": "Trần Văn Bình",
        "citizenId": "037085000202",
        "title": "director",
    },
    "declaration": True,
}


COPY_FORM: dict[str, Any] = {"paperTitle": "Hộ chiếu", "pages": 3, "declaration": True}


def judicial_record(story: Story) -> None:
    """Fee, payment with a service killed in the middle, received, decided over Kafka, returned."""
    scene = story.scene
    citizen, officer = scene.person("nguyen-thi-dao"), scene.person(OFFICER)
    papers = [_upload(scene, citizen, "identity-card")]
    filing = {"procedureCode": "2.000488", "form": JUDICIAL_RECORD_FORM, "papers": papers}
    _file(story, citizen, filing)
    story.see("dossier.registered", citizen.key, "filed the dossier", told_as="registered")
    story.see("dossier.payment-required", "intake", "200.000 ₫ are due", told_as="payment required")
    story.see("payment.requested", "payment", "opened an order")
    _pay_while_payment_is_down(story, citizen)
    story.see("payment.succeeded", "payment", "took the gateway's word, signature checked")
    story.see("payment.receipt-issued", "payment", "issued the receipt", told_as="receipt")
    story.see("dossier.payment-settled", "intake", "let the dossier go on")
    _receive(story, officer)
    _decided_by_agency(story, "justice department")
    _return(story, officer, citizen)
    story.one_mail_per_fact(citizen)


def certified_copy_of_a_passport(story: Story) -> None:
    """Scanned at the counter, paid online, signed twice, checked by a stranger, told by mail."""
    scene = story.scene
    citizen, clerk, signer = (scene.person(key) for key in ("tran-van-binh", OFFICER, SIGNER))
    _file(story, citizen, {"procedureCode": "2.000815", "form": COPY_FORM, "papers": []})
    story.see("dossier.registered", citizen.key, "asked for a copy", told_as="registered")
    copy_id = certified_copy.scan_original(story, clerk)
    story.see("dossier.payment-required", "intake", "5.000 ₫ are due", told_as="payment required")
    story.see("payment.requested", "payment", "opened an order")
    _pay(_pay_url(story, citizen), story)
    story.see("payment.succeeded", "payment", "took the gateway's word, signature checked")
    story.see("payment.receipt-issued", "payment", "issued the receipt", told_as="receipt")
    story.see("dossier.received", "intake", "let the paid copy go on", told_as="received")
    certified_copy.sign(story, signer, copy_id)
    content = certified_copy.fetch(story, citizen, copy_id)
    certified_copy.check(story, content)
    story.see("dossier.completed", "intake", "completed the dossier", told_as="completed")
    story.see("dossier.returned", "intake", "returned the copy", told_as="returned")
    story.one_mail_per_fact(citizen)


def business_registration(story: Story) -> None:
    """With the certified copy, exempt from the fee, one supplement, decided over Kafka."""
    scene = story.scene
    citizen, officer = scene.person("tran-van-binh"), scene.person(OFFICER)
    copy = certified_copy.kept(story)
    papers = [
        _upload(scene, citizen, "charter"),
        _upload(scene, citizen, "owner-identity", content=copy),
    ]
    _file(story, citizen, {"procedureCode": "2.001583", "form": COMPANY_FORM, "papers": papers})
    registered: Any = story.see(
        "dossier.registered", citizen.key, "filed the dossier", told_as="registered"
    ).data
    certified_copy.recognised(story, registered.papers)
    _receive(story, officer)
    story.see("dossier.processing-started", "planning department", "took the dossier up")
    _supplement(story, citizen)
    story.see("dossier.completed", "planning department", "decided", told_as="completed")
    _return(story, officer, citizen)
    story.never_saw("dossier.payment", "payment.")
    story.note("motcua", "no payment step was ever seen")
    story.one_mail_per_fact(citizen)


STORIES: dict[str, tuple[str, Callable[[Story], None]]] = {
    "a": ("Judicial record certificate (2.000488), 200.000 ₫", judicial_record),
    "c": ("Certified copy (2.000815), 5.000 ₫", certified_copy_of_a_passport),
    "b": (
        "Business registration (2.001583) with the certified copy, exempt from the fee",
        business_registration,
    ),
}
"""In the order in which they are told: b files what c leaves."""


def _upload(
    scene: Scene, person: Person, kind: str, *, content: bytes | None = None
) -> dict[str, str]:
    url = f"{scene.service('intake')}/v1/files"
    answer = person.send(
        "POST",
        url,
        params={"name": f"{kind}.pdf"},
        content=content or pdf(kind),
        headers={"Content-Type": "application/pdf"},
    )
    return {"kind": kind, "fileId": answer.json()["fileId"]}


def _file(story: Story, citizen: Person, content: dict[str, Any]) -> None:
    contact = {
        "fullName": NAMES[citizen.key],
        "email": citizen.mail_address,
        "phone": "0912345678",
    }
    body = {**content, "channel": "online", "contact": contact}
    url = f"{story.scene.service('intake')}/v1/dossiers"
    filed = citizen.post(url, body, key=str(uuid4()))
    story.dossier_id, story.code = filed["dossierId"], filed["code"]


def _pay_while_payment_is_down(story: Story, citizen: Person) -> None:
    """The citizen pays while our payment service is dead; the gateway's word comes later."""
    pay_url = _pay_url(story, citizen)
    story.scene.kill("payment")
    story.note("demo", "killed the payment service (kill -9)")
    _pay(pay_url, story)
    story.note(citizen.key, "paid at the gateway, which cannot reach us")
    story.scene.start("payment")
    story.note("demo", "started the payment service again")


def _pay_url(story: Story, citizen: Person) -> str:
    payment = story.scene.service("payment")
    (order,) = citizen.get(f"{payment}/v1/dossiers/{story.dossier_id}/orders")
    attempt = citizen.post(
        f"{payment}/v1/orders/{order['orderId']}/attempts", {"gateway": "vnpay"}, key=str(uuid4())
    )
    story.note(citizen.key, "was sent to the gateway", link=attempt["payUrl"])
    return attempt["payUrl"]


def _pay(pay_url: str, story: Story) -> None:
    """What a payer does on the gateway's page."""
    patiently(partial(http().get, pay_url)).raise_for_status()
    decide = f"{story.scene.endpoints['gateways']['vnpay']['url']}/paymentv2/decide"
    choice = {"payUrl": pay_url, "decision": "pay"}
    paid = patiently(partial(http().post, decide, data=choice))
    if paid.is_error:
        paid.raise_for_status()


def _receive(story: Story, officer: Person) -> None:
    intake = story.scene.service("intake")
    officer.post(f"{intake}/v1/dossiers/{story.dossier_id}/receive", key=str(uuid4()))
    received = story.see(
        "dossier.received",
        officer.key,
        "received the dossier: the clock starts",
        told_as="received",
    )
    due: Any = received.data
    story.note("intake", f"due at {due.due_at:%d/%m/%Y %H:%M} UTC")


def _decided_by_agency(story: Story, agency: str) -> None:
    story.see("agency.processing-started", agency, "took it up in its own system")
    story.see("dossier.processing-started", "intake", "moved the dossier on")
    story.see("agency.decided", agency, "sent its decision over Kafka")
    story.see("dossier.completed", "intake", "completed the dossier", told_as="completed")


def _supplement(story: Story, citizen: Person) -> None:
    """The agency wants one paper more; the citizen sends it."""
    wanted: Any = story.see(
        "dossier.supplement-requested",
        "planning department",
        "asked for a supplement: the clock stops",
        told_as="supplement requested",
    ).data
    papers = [_upload(story.scene, citizen, kind) for kind in wanted.papers_wanted]
    intake = story.scene.service("intake")
    citizen.post(
        f"{intake}/v1/dossiers/{story.dossier_id}/supplements",
        {"papers": papers},
        key=str(uuid4()),
    )
    story.see(
        "dossier.supplemented",
        citizen.key,
        "supplemented: the clock goes on",
        told_as="supplemented",
    )


def _return(story: Story, officer: Person, citizen: Person) -> None:
    """The officer hands the result over; the citizen fetches it."""
    dossier_url = f"{story.scene.service('intake')}/v1/dossiers/{story.dossier_id}"
    officer.post(f"{dossier_url}/return", {"how": "online"}, key=str(uuid4()))
    story.see("dossier.returned", officer.key, "returned the result", told_as="returned")
    for paper in citizen.get(dossier_url)["resultPapers"]:
        result = citizen.send("GET", f"{dossier_url}/results/{paper['paperId']}")
        story.note(citizen.key, f"downloaded the result ({len(result.content)} bytes)")
