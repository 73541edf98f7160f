"""Which level a signed file reached, judged from the file alone and with no network."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.errors import SignatureValidationError, ValidationInfoReadingError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import ValidationContext

from certification.ports import Hindered, Hindrance
from certification.trust import Trust
from motcua_contracts.types import SignatureLevel


class _Short(Exception):  # noqa: N818 - short of a level
    """The message says of what."""


async def require_level(
    content: BytesIO, level: SignatureLevel, *, signers: Sequence[x509.Certificate], trust: Trust
) -> datetime:
    """The time of the last signature in `content`, as its time-stamp says. Raises `Hindered` unless
    `signers` signed it, in that order, nobody else did, and each signature reaches `level`.
    """
    try:
        reader = PdfFileReader(content)
        signatures = reader.embedded_regular_signatures
        _require_signers(signatures, signers)
        if level is SignatureLevel.B_T:
            context = trust.offline()
        else:
            context = trust.within(DocumentSecurityStore.read_dss(reader))
        times = [await _time(signature, context) for signature in signatures]
        if level is SignatureLevel.B_LTA:
            await _require_archived(reader, context)
    except (_Short, SignatureValidationError, ValidationInfoReadingError) as error:
        raise Hindered(Hindrance.LEVEL_NOT_REACHED, str(error)) from error
    return times[-1]


def _require_signers(
    signatures: Sequence[EmbeddedPdfSignature], signers: Sequence[x509.Certificate]
) -> None:
    made_by = [signature.signer_cert.dump() for signature in signatures]
    if made_by != [signer.dump() for signer in signers]:
        raise _Short("not the signatures that were to be made")


async def _time(signature: EmbeddedPdfSignature, context: ValidationContext) -> datetime:
    status = await async_validate_pdf_signature(signature, context)
    stamped = status.timestamp_validity
    if not status.bottom_line or stamped is None or not (stamped.valid and stamped.trusted):
        raise _Short(f"{signature.field_name}: {status.summary()}")
    return stamped.timestamp


async def _require_archived(reader: PdfFileReader, context: ValidationContext) -> None:
    """A time-stamp over the whole file, made after everything that it protects."""
    stamps = reader.embedded_timestamp_signatures
    if not stamps:
        raise _Short("no time-stamp over the document")
    status = await async_validate_pdf_timestamp(stamps[-1], context)
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    if not (status.valid and status.trusted and whole):
        raise _Short(f"the time-stamp over the document: {status.summary()}")
