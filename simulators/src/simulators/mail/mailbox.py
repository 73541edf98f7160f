"""The mails that were accepted, rebuilt from the ledger."""

import base64
import email.policy
from collections.abc import Iterator, Sequence
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from uuid import uuid4

from pydantic import AliasChoices, Field

from simulators.ledger import Ledger, Record

_parser = BytesParser(policy=email.policy.default.clone(max_line_length=None))


class Attachment(Record):
    name: str
    media_type: str
    size: int


class Mail(Record):
    """One accepted mail: the envelope as given over SMTP, the content as read from the bytes."""

    id: str
    sender: str = Field(validation_alias=AliasChoices("from", "sender"), serialization_alias="from")
    recipients: tuple[str, ...] = Field(
        validation_alias=AliasChoices("to", "recipients"), serialization_alias="to"
    )
    subject: str
    text: str
    html: str | None
    headers: dict[str, str]
    attachments: tuple[Attachment, ...]
    raw: str

    @property
    def content(self) -> bytes:
        return base64.b64decode(self.raw)

    def summary(self) -> dict[str, object]:
        return self.model_dump(by_alias=True, mode="json", exclude={"raw"})


class ReceivedMail(Record):
    """A mail with the place and the time it has in the ledger."""

    sequence: int
    received_at: str
    mail: Mail

    def as_json(self) -> dict[str, object]:
        return {
            "sequence": self.sequence,
            "receivedAt": self.received_at,
            **self.mail.summary(),
        }


class Mailbox:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        emptied = max((entry.sequence for entry in ledger.of_kind("emptied")), default=0)
        self._mails = list(_received(ledger, after=emptied))

    @property
    def mails(self) -> Sequence[ReceivedMail]:
        """Oldest first."""
        return self._mails

    def accept(self, sender: str, recipients: Sequence[str], content: bytes) -> ReceivedMail:
        """Keeps the mail; once this returns it survives kill -9."""
        mail = read_mail(sender, recipients, content)
        entry = self._ledger.record("accepted", mail)
        received = ReceivedMail(
            sequence=entry.sequence, received_at=str(entry.flat()["at"]), mail=mail
        )
        self._mails.append(received)
        return received

    def refuse(self, sender: str, recipients: Sequence[str], answer: str) -> None:
        self._ledger.record("refused", {"from": sender, "to": list(recipients), "answer": answer})

    def find(self, mail_id: str) -> ReceivedMail | None:
        return next((received for received in self._mails if received.mail.id == mail_id), None)

    def empty(self) -> None:
        """The mailbox is empty afterwards; the ledger still knows every mail."""
        self._ledger.record("emptied", {"mails": len(self._mails)})
        self._mails.clear()


def read_mail(sender: str, recipients: Sequence[str], content: bytes) -> Mail:
    message = _parser.parsebytes(content)
    return Mail(
        id=uuid4().hex,
        sender=sender,
        recipients=tuple(recipients),
        subject=str(message.get("Subject", "")),
        text=_body(message, "plain") or "",
        html=_body(message, "html"),
        headers={name: str(value) for name, value in message.items()},
        attachments=tuple(_attachments(message)),
        raw=base64.b64encode(content).decode("ascii"),
    )


def attachment_content(mail: Mail, place: int) -> tuple[Attachment, bytes] | None:
    parts = list(_parser.parsebytes(mail.content).iter_attachments())
    if not 0 <= place < len(parts):
        return None
    return mail.attachments[place], _payload(parts[place])


def _received(ledger: Ledger, *, after: int) -> Iterator[ReceivedMail]:
    for entry in ledger.of_kind("accepted"):
        if entry.sequence > after:
            yield ReceivedMail(
                sequence=entry.sequence,
                received_at=str(entry.flat()["at"]),
                mail=Mail.model_validate(entry.fields),
            )


def _body(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return None
    return _payload(part).decode(_charset(part), errors="replace").replace("\r\n", "\n")


def _charset(part: MIMEPart) -> str:
    charset = part.get_content_charset("utf-8")
    try:
        "".encode(charset)
    except LookupError:
        return "utf-8"
    return charset


def _payload(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else part.as_bytes()


def _attachments(message: EmailMessage) -> Iterator[Attachment]:
    for place, part in enumerate(message.iter_attachments(), start=1):
        yield Attachment(
            name=part.get_filename() or f"attachment-{place}",
            media_type=part.get_content_type(),
            size=len(_payload(part)),
        )
