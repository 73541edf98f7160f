"""What pyHanko says of each signature in a PDF, without a network.

Everything is judged at the moment that the register recorded for the last signature, with the
certificates' state that lies in the file: what was right then stays right when the certificates
have run out and their authority is gone. No single word of pyHanko's is enough: of a file that was
continued after signing `intact`, `valid` and `trusted` stay true, and only the bottom line falls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, read_certification_data
from pyhanko_certvalidator import ValidationContext

MOST_SIGNATURES = 8
"""More are not looked at: ours have two and their time-stamps, and each costs time."""

Revocation: TypeAlias = Literal["require", "soft-fail"]
"""Whether the file must prove that no certificate in it was revoked."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What certificates are judged by: the authorities in a PEM file, and a moment."""

    roots: Path
    moment: datetime
    revocation: Revocation


async def verify(path: Path, terms: Terms) -> Mapping[str, object]:
    """Each signature and each time-stamp over the whole, in the order of the file."""
    with path.open("rb") as file:
        reader = PdfFileReader(file)
        signatures = reader.embedded_regular_signatures
        stamps = reader.embedded_timestamp_signatures
        if len(signatures) + len(stamps) > MOST_SIGNATURES:
            return {"verdict": "damaged", "why": "too many signatures"}
        return {
            "verdict": "read",
            "signatures": [await _signature(each, terms) for each in signatures],
            "stamps": [await _stamp(each, terms) for each in stamps],
        }


async def _signature(signature: EmbeddedPdfSignature, terms: Terms) -> Mapping[str, object]:
    context = _context(signature.reader, terms, terms.revocation)
    status = await async_validate_pdf_signature(
        signature, signer_validation_context=context, ts_validation_context=context
    )
    changes = status.modification_level
    return {
        "certificate": signature.signer_cert.sha256.hex(),
        "bottomLine": status.bottom_line,
        "certifies": _certifies(signature),
        "timeStamped": status.timestamp_validity is not None,
        "coverage": status.coverage.name if status.coverage else "UNCLEAR",
        "changes": changes.name if changes is not None else "UNKNOWN",
    }


def _certifies(signature: EmbeddedPdfSignature) -> bool:
    """Whether it is the one that says what may be added after it."""
    certification = read_certification_data(signature.reader)
    return certification is not None and certification.author_sig == signature.sig_object


async def _stamp(stamp: EmbeddedPdfSignature, terms: Terms) -> Mapping[str, object]:
    """The state of its own certificate cannot lie in the file that it closes."""
    status = await async_validate_pdf_timestamp(stamp, _context(stamp.reader, terms, "soft-fail"))
    sound = status.valid and status.intact and status.trusted
    return {
        "holds": sound and status.docmdp_ok is not False,
        "coverage": status.coverage.name if status.coverage else "UNCLEAR",
    }


def _context(reader: PdfFileReader, terms: Terms, revocation: Revocation) -> ValidationContext:
    return _what_lies_in(reader).as_validation_context(
        {
            "trust_roots": list(load_certs_from_pemder([str(terms.roots)])),
            "moment": terms.moment,
            "allow_fetching": False,
            "revocation_mode": revocation,
            # It was asked for after signing, so it is always a little younger.
            "retroactive_revinfo": True,
        }
    )


def _what_lies_in(reader: PdfFileReader) -> DocumentSecurityStore:
    """Certificates, OCSP answers and CRLs that the file brings, if it brings any."""
    try:
        return DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return DocumentSecurityStore(None)
