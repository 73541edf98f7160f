import smtplib
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest

from simulators.running import RunningSimulator

from .conftest import http

Json = dict[str, object]


@pytest.fixture(scope="module")
def shared_mail() -> Iterator[RunningSimulator]:
    with RunningSimulator("mail") as running:
        yield running


@pytest.fixture
def mail(shared_mail: RunningSimulator) -> RunningSimulator:
    """Empty and well behaved."""
    http.delete(f"{shared_mail.url}/messages").raise_for_status()
    http.delete(f"{shared_mail.url}/_faults").raise_for_status()
    return shared_mail


def letter(to: str = "dao@example.vn") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Một cửa <motcua@example.vn>"
    message["To"] = to
    message["Subject"] = "Hồ sơ H42.01-261125-0001 đã được tiếp nhận"
    message["Message-ID"] = "<fact-1@motcua>"
    message.set_content("Kính gửi bà Đào,\nTra cứu tại http://127.0.0.1/t/1\n")
    message.add_alternative("<p>Kính gửi <b>bà Đào</b></p>", subtype="html")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="giấy.pdf")
    return message


def send(mail: RunningSimulator, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", mail.smtp_port, timeout=10) as smtp:
        smtp.send_message(message)


def messages(mail: RunningSimulator, **query: str) -> list[Json]:
    found: list[Json] = http.get(f"{mail.url}/messages", params=query).json()
    return found


def misbehave(mail: RunningSimulator, faults: Sequence[Json]) -> None:
    http.put(f"{mail.url}/_faults", json=faults).raise_for_status()


def test_a_mail_can_be_read_as_it_was_written(mail: RunningSimulator) -> None:
    send(mail, letter())

    [message] = messages(mail)
    assert message["from"] == "motcua@example.vn"
    assert message["to"] == ["dao@example.vn"]
    assert message["subject"] == "Hồ sơ H42.01-261125-0001 đã được tiếp nhận"
    assert message["text"] == "Kính gửi bà Đào,\nTra cứu tại http://127.0.0.1/t/1\n"
    assert message["html"] == "<p>Kính gửi <b>bà Đào</b></p>\n"
    assert isinstance(message["headers"], dict)
    assert message["headers"]["Message-ID"] == "<fact-1@motcua>"
    assert message["attachments"] == [
        {"name": "giấy.pdf", "mediaType": "application/pdf", "size": 8}
    ]
    attachment = http.get(f"{mail.url}/messages/{message['id']}/attachments/0")
    assert attachment.content == b"%PDF-1.7"


def test_a_mail_accepted_with_250_survives_kill_9(tmp_path: Path) -> None:
    ledger_file = ("--ledger-file", str(tmp_path / "mail.jsonl"))
    with RunningSimulator("mail", *ledger_file) as mail:
        send(mail, letter())
        before = messages(mail)
        mail.kill()

    with RunningSimulator("mail", *ledger_file) as again:
        assert messages(again) == before
        send(again, letter())
        assert len(messages(again)) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header, only text\r\n",
        b"Content-Type: text/plain; charset=klingon\r\n\r\nnuqneH\r\n",
        b"Subject: =?utf-8?b?!!!?=\r\nDate: never\r\nTo: <<>>,\xff\r\n\r\n\xff\xfe\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x--\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n!\r\n",
    ],
)
def test_a_malformed_mail_is_kept_and_shown_too(mail: RunningSimulator, content: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", mail.smtp_port, timeout=10) as smtp:
        smtp.sendmail("motcua@example.vn", ["dao@example.vn"], content)

    [message] = messages(mail)
    raw = http.get(f"{mail.url}/messages/{message['id']}/raw").content
    assert raw.rstrip() == content.rstrip()
    assert http.get(f"{mail.url}/mails/{message['id']}").status_code == 200


def test_mails_are_found_by_recipient_and_subject(mail: RunningSimulator) -> None:
    send(mail, letter("dao@example.vn"))
    send(mail, letter("binh@example.vn"))

    assert [m["to"] for m in messages(mail, to="binh@example.vn")] == [["binh@example.vn"]]
    assert len(messages(mail, subject="tiếp nhận")) == 2
    assert messages(mail, subject="trả kết quả") == []


def test_an_emptied_mailbox_stays_empty_but_the_ledger_remembers(tmp_path: Path) -> None:
    ledger_file = ("--ledger-file", str(tmp_path / "mail.jsonl"))
    with RunningSimulator("mail", *ledger_file) as mail:
        send(mail, letter())
        http.delete(f"{mail.url}/messages").raise_for_status()
        mail.kill()

    with RunningSimulator("mail", *ledger_file) as again:
        assert messages(again) == []
        kinds = [entry["kind"] for entry in http.get(f"{again.url}/_ledger").json()]
        assert kinds == ["accepted", "emptied"]


@pytest.mark.parametrize(
    ("kind", "expected", "kept"),
    [
        ("reject", smtplib.SMTPRecipientsRefused, 0),
        ("reject-content", smtplib.SMTPDataError, 0),
        ("status-451", smtplib.SMTPDataError, 0),
        ("status-421", smtplib.SMTPSenderRefused, 0),
        ("drop-before", smtplib.SMTPServerDisconnected, 0),
        ("drop", smtplib.SMTPServerDisconnected, 1),
    ],
)
def test_a_fault_strikes_once_and_the_next_mail_arrives(
    mail: RunningSimulator, kind: str, expected: type[Exception], kept: int
) -> None:
    misbehave(mail, [{"kind": kind}])

    with pytest.raises(expected):
        send(mail, letter())
    assert len(messages(mail)) == kept
    assert http.get(f"{mail.url}/_faults").json() == []

    send(mail, letter())
    assert len(messages(mail)) == kept + 1


def test_an_answer_that_comes_too_late_leaves_the_mail_accepted(mail: RunningSimulator) -> None:
    misbehave(mail, [{"kind": "delay", "seconds": 5}])

    with (
        pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"),
        smtplib.SMTP("127.0.0.1", mail.smtp_port, timeout=0.5) as smtp,
    ):
        smtp.send_message(letter())

    assert len(messages(mail)) == 1


def test_a_fault_can_aim_at_one_recipient(mail: RunningSimulator) -> None:
    misbehave(mail, [{"kind": "reject", "times": 9, "target": "dao@example.vn"}])

    send(mail, letter("binh@example.vn"))
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mail, letter("dao@example.vn"))

    assert [m["to"] for m in messages(mail)] == [["binh@example.vn"]]


def test_an_unknown_fault_names_the_known_ones(mail: RunningSimulator) -> None:
    answer = http.put(f"{mail.url}/_faults", json=[{"kind": "explode"}])

    assert answer.status_code == 422
    assert "unknown fault kind 'explode'" in answer.text
    assert "status-451" in answer.text


def test_the_pages_read_in_vietnamese_and_english_without_javascript(
    mail: RunningSimulator,
) -> None:
    send(mail, letter())
    [message] = messages(mail)

    inbox = http.get(mail.url)
    assert "Thư đã nhận" in inbox.text
    assert "Mail received" in http.get(f"{mail.url}/?lang=en").text
    page = http.get(f"{mail.url}/mails/{message['id']}").text
    assert '<a href="http://127.0.0.1/t/1"' in page
    assert "<script" not in inbox.text + page
    html = http.get(f"{mail.url}/mails/{message['id']}/html")
    assert "sandbox" in html.headers["Content-Security-Policy"]
