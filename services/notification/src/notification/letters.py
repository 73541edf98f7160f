"""From a reserved message and a contact to the e-mail that goes out."""

from email.utils import parseaddr

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from chassis.encryption import Keyring, Tampered, UnknownKey
from motcua_contracts.envelope import EventData
from notification.domain import Answer, Happening, Reason
from notification.facts import FactUnreadable, code_of, from_json
from notification.models import Message, Recipient
from notification.ports import Mail
from notification.templates import Catalogue, TemplateBroken, TemplateMissing


class Unwritable(Exception):  # noqa: N818 - not an error: an answer
    """No letter can be made of this message now; `answer` says whether it may be later."""

    def __init__(self, happening: Happening, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.answer = Answer(happening, reason)


class Contact(BaseModel):
    """Who hears about a dossier: personal data, in memory only."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )

    full_name: str = Field(repr=False)
    email: str | None = Field(default=None, repr=False)


class Letters:
    def __init__(
        self, catalogue: Catalogue, keyring: Keyring, *, portal_url: str, sender: str
    ) -> None:
        self._catalogue = catalogue
        self._keyring = keyring
        self._portal_url = portal_url
        self._domain = parseaddr(sender)[1].rpartition("@")[2]

    def write(self, message: Message, recipient: Recipient) -> Mail:
        """Decrypt the contact and fill the template that was pinned. Raises `Unwritable`."""
        contact = self._open(recipient)
        if not contact.email:
            raise Unwritable(Happening.REJECT, Reason.NO_ADDRESS)
        try:
            template = self._catalogue.get(message.template, message.template_version)
            fact = from_json(message.fact_type, message.fact)
            text = self._catalogue.render(template, self._values(message, fact, contact))
        except (TemplateMissing, TemplateBroken, FactUnreadable) as error:
            # A release can mend it, so the message waits for one.
            raise Unwritable(Happening.DEFER, Reason.NOT_RENDERED, str(error)) from error
        return Mail(
            message_id=f"<{message.id}@{self._domain}>",
            address=contact.email,
            name=" ".join(contact.full_name.split()),
            subject=text.subject,
            body=text.body,
        )

    def _open(self, recipient: Recipient) -> Contact:
        try:
            context = f"recipients:{recipient.dossier_id}"
            plain = self._keyring.decrypt(recipient.ciphertext, context=context)
            return Contact.model_validate_json(plain)
        except (UnknownKey, Tampered, ValidationError):
            # `from None`: what was decrypted must not reach a log with the traceback.
            raise Unwritable(Happening.DEFER, Reason.UNREADABLE_RECIPIENT) from None

    def _values(self, message: Message, fact: EventData, contact: Contact) -> dict[str, object]:
        code = code_of(fact) or message.dossier_code
        return {"fact": fact, "code": code, "recipient": contact, "portal": self._portal_url}
