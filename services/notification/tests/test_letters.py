"""Every letter, whole: the golden files are what citizens read."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from chassis.encryption import Keyring
from motcua_contracts import dossier
from motcua_contracts.envelope import EventData
from motcua_contracts.registry import EVENT_TYPES
from motcua_contracts.topics import CERTIFICATION_EVENTS, DOSSIER_EVENTS, PAYMENT_EVENTS
from notification.domain import Answer, Happening, Reason
from notification.facts import LAST, SILENT, TOLD, from_json, to_json
from notification.letters import Letters, Unwritable
from notification.models import Message, Recipient
from notification.ports import Mail
from notification.templates import Catalogue, Template, load_catalogue
from notification.words import Words

from .samples import CONTACT, DOSSIER, FACTS, ID, KEYRING, at, recipient, registered

GOLDEN = Path(__file__).parent / "golden"
MESSAGE_ID = "0199c0de-0000-7000-8000-00000000000a"


def message(fact: EventData, catalogue: Catalogue) -> Message:
    template = catalogue.pick(fact.type, at=at(2, 2))
    return Message(
        id=MESSAGE_ID,
        fact_event_id=ID,
        fact_type=fact.type,
        fact=json.loads(json.dumps(to_json(fact))),
        dossier_id=ID,
        dossier_code=DOSSIER["code"],
        template=template.id,
        template_version=template.version,
        reserved_at=at(2, 2),
        changed_at=at(2, 2),
        give_up_at=at(5, 2),
        correlation_id="c",
        traceparent="t",
    )


def write(fact: EventData, to: Recipient | None = None, catalogue: Catalogue | None = None) -> Mail:
    catalogue = catalogue or load_catalogue()
    letters = Letters(
        catalogue,
        KEYRING,
        portal_url="https://dichvucong.example.vn",
        sender="Một cửa <mot-cua@motcua.example>",
    )
    return letters.write(message(fact, catalogue), to or recipient())


@pytest.mark.parametrize("name", FACTS)
def test_the_letter_is_the_golden_one(name: str) -> None:
    mail = write(FACTS[name])
    text = f"{mail.subject}\n\n{mail.body}"
    golden = GOLDEN / f"{name}.txt"
    if not golden.exists():
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
        pytest.fail(f"{golden.name} was missing and is written now: read it, then commit it")
    assert text == golden.read_text(encoding="utf-8")


def test_only_who_pays_nothing_is_told_to_be_exempt() -> None:
    assert "được miễn phí, lệ phí" in write(FACTS["registered-exempt"]).body
    reduced = write(FACTS["registered-reduced"]).body
    assert "được miễn" not in reduced
    assert "exempt" not in reduced
    assert "được giảm phí, lệ phí theo TT 244/2016/TT-BTC, Điều 4" in reduced


@pytest.mark.parametrize("name", ["payment-required", "payment-expired"])
def test_no_letter_sends_anybody_to_pay_where_no_payment_is_taken(name: str) -> None:
    """Money handed over at the counter would be in no book, and its dossier would wait for ever."""
    text = write(FACTS[name]).body
    assert "nộp trực tiếp tại Bộ phận Một cửa" not in text
    assert "pay at the one-stop counter" not in text


@pytest.mark.parametrize("name", ["payment-expired", "refund-of-late-money"])
def test_whose_time_to_pay_ran_out_is_told_how_to_pay_after_all(name: str) -> None:
    assert "thanh toán lại tại https://dichvucong.example.vn" in write(FACTS[name]).body


def test_every_fact_that_is_told_has_a_golden_letter() -> None:
    assert {type(fact) for fact in FACTS.values()} == set(TOLD)


def test_of_every_event_of_the_services_it_is_decided_whether_citizens_hear() -> None:
    topics = {DOSSIER_EVENTS, PAYMENT_EVENTS, CERTIFICATION_EVENTS}
    ours = {event for event in EVENT_TYPES.values() if event.topic in topics}
    assert set(TOLD) | set(SILENT) == ours
    assert not set(TOLD) & set(SILENT)
    assert set(LAST) <= set(TOLD)


@pytest.mark.parametrize("name", ["copy-revoked", "copy-replaced"])
def test_a_copy_is_told_of_without_a_code_that_nobody_knows(name: str) -> None:
    catalogue = load_catalogue()
    unknown = message(FACTS[name], catalogue).model_copy(update={"dossier_code": None})
    letters = Letters(catalogue, KEYRING, portal_url="https://p.example", sender="a@b.vn")
    mail = letters.write(unknown, recipient())
    assert mail.subject.startswith("Bản sao chứng thực điện tử đã")
    assert "Mã hồ sơ" not in mail.body


def test_the_mail_goes_to_the_contact_under_an_id_of_ours() -> None:
    mail = write(registered())
    assert (mail.address, mail.name) == ("dao@example.vn", "Nguyễn Thị Đào")
    assert mail.message_id == f"<{MESSAGE_ID}@motcua.example>"


def test_a_name_with_line_breaks_stays_on_one_line() -> None:
    mail = write(registered(), recipient(CONTACT | {"fullName": "Đào\r\nBcc: x@example.vn"}))
    assert mail.name == "Đào Bcc: x@example.vn"


def test_what_a_citizen_wrote_is_never_a_template() -> None:
    mail = write(registered(), recipient(CONTACT | {"fullName": "{{ portal }} <b>"}))
    assert "Kính gửi Ông/Bà {{ portal }} <b>," in mail.body


@pytest.mark.parametrize(
    ("to", "answer"),
    [
        (recipient({"fullName": "Đào"}), Answer(Happening.REJECT, Reason.NO_ADDRESS)),
        (recipient(CONTACT | {"email": ""}), Answer(Happening.REJECT, Reason.NO_ADDRESS)),
        (recipient("garbage"), Answer(Happening.DEFER, Reason.UNREADABLE_RECIPIENT)),
        (
            recipient(keyring=Keyring("k2", {"k2": os.urandom(32)}, os.urandom(32))),
            Answer(Happening.DEFER, Reason.UNREADABLE_RECIPIENT),
        ),
    ],
)
def test_a_contact_that_cannot_be_used_is_told_by_its_reason(to: Recipient, answer: Answer) -> None:
    with pytest.raises(Unwritable) as unwritable:
        write(registered(), to)
    assert unwritable.value.answer == answer


def test_the_contact_of_another_dossier_does_not_open() -> None:
    stolen = recipient()
    stolen.dossier_id = "0199c0de-0000-7000-8000-00000000ffff"
    with pytest.raises(Unwritable):
        write(registered(), stolen)


def test_a_template_that_asks_for_what_the_fact_lacks_waits_for_a_release() -> None:
    broken = Template(
        id="broken",
        version=1,
        fact=dossier.DossierRegistered.type,
        valid_from=at(1, 0),
        subject="{{ code }}",
        body="{{ fact.due_at | time }}",
    )
    with pytest.raises(Unwritable, match="broken v1 cannot be filled") as unwritable:
        write(registered(), catalogue=Catalogue([broken], Words({})))
    assert unwritable.value.answer == Answer(Happening.DEFER, Reason.NOT_RENDERED)


@pytest.mark.parametrize(
    "kept", [{"fact": {}}, {"fact_type": "vn.motcua.dossier.renamed.v1"}], ids=str
)
def test_a_fact_that_this_release_cannot_read_waits_for_one_that_can(kept: dict[str, Any]) -> None:
    unread = message(registered(), load_catalogue()).model_copy(update=kept)
    letters = Letters(load_catalogue(), KEYRING, portal_url="https://p.example", sender="a@b.vn")
    with pytest.raises(Unwritable) as unwritable:
        letters.write(unread, recipient())
    assert unwritable.value.answer == Answer(Happening.DEFER, Reason.NOT_RENDERED)


def test_a_fact_kept_by_a_later_version_is_still_read() -> None:
    kept = to_json(registered()) | {"addedLater": 1}
    assert from_json(dossier.DossierRegistered.type, kept) == registered()


def test_nothing_of_the_contact_shows_in_logs() -> None:
    shown = repr(recipient()) + repr(write(registered()))
    assert "Đào" not in shown
    assert "dao@" not in shown
