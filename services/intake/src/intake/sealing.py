"""What is personal is sealed before it is kept or sent: form content, contacts."""

import json

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from chassis.encryption import Keyring
from motcua_contracts.dossier import DossierRecipients


class Contact(BaseModel):
    """Whom to tell about a dossier (người nộp, người liên hệ). Personal data."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", hide_input_in_errors=True
    )

    full_name: str = Field(min_length=1, max_length=100, repr=False)
    email: str | None = Field(
        default=None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", repr=False
    )
    phone: str | None = Field(
        default=None, pattern=r"^(0|\+?84)(3[2-9]|5[25689]|7[06-9]|8[1-9]|9\d)\d{7}$", repr=False
    )


def seal_form(keyring: Keyring, dossier_id: str, content: JsonValue) -> str:
    plain = json.dumps(content, ensure_ascii=False).encode()
    return keyring.encrypt(plain, context=f"forms:{dossier_id}")


def open_form(keyring: Keyring, dossier_id: str, sealed: str) -> JsonValue:
    return json.loads(keyring.decrypt(sealed, context=f"forms:{dossier_id}"))


def seal_contact(keyring: Keyring, dossier_id: str, contact: Contact) -> str:
    return keyring.encrypt(_plain(contact), context=f"contacts:{dossier_id}")


def open_contact(keyring: Keyring, dossier_id: str, sealed: str) -> Contact:
    plain = keyring.decrypt(sealed, context=f"contacts:{dossier_id}")
    return Contact.model_validate_json(plain)


def recipients(
    shared: Keyring, dossier_id: str, contact: Contact, *, applicant_id: str
) -> DossierRecipients:
    """The contacts for notification alone, under the keys that it shares with us."""
    ciphertext = shared.encrypt(_plain(contact), context=f"recipients:{dossier_id}")
    return DossierRecipients(
        dossier_id=dossier_id,
        recipient_id=applicant_id,
        ciphertext=ciphertext,
        key_id=ciphertext.split(".")[1],
    )


def _plain(contact: Contact) -> bytes:
    return contact.model_dump_json(by_alias=True, exclude_none=True).encode()
