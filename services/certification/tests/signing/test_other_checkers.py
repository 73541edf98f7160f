"""Programs that are not ours accept both signatures and their time-stamps."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from .provider import AGENCY, run

Program = Callable[[str], str]


def signatures(content: BytesIO) -> Iterator[EmbeddedPdfSignature]:
    yield from PdfFileReader(content).embedded_signatures


def covered(content: BytesIO, signature: EmbeddedPdfSignature) -> bytes:
    """What a signature is over, by its byte range."""
    first, length, second, rest = map(int, cast("list[int]", signature.byte_range))
    raw = content.getvalue()
    return raw[first : first + length] + raw[second : second + rest]


def time_stamp(signature: EmbeddedPdfSignature) -> bytes:
    attributes = cast("Any", signature.signer_info)["unsigned_attrs"]
    (values,) = (
        one["values"] for one in attributes if one["type"].native == "signature_time_stamp_token"
    )
    return values[0].dump()


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[Path]]:
    def write(**contents: bytes) -> list[Path]:
        paths = [tmp_path / name for name in contents]
        for path, content in zip(paths, contents.values(), strict=True):
            path.write_bytes(content)
        return paths

    return write


def test_openssl_accepts_both_signatures(
    content: BytesIO, keys: Path, files: Callable[..., list[Path]], program: Program
):
    openssl = program("openssl")
    checked: list[str] = []
    for one in signatures(content):
        if one.sig_object_type == "/Sig":
            cms, data = files(cms=one.pkcs7_content, data=covered(content, one))
            said = run(
                *(openssl, "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any"),
                *("-in", cms, "-content", data, "-CAfile", keys / "roots.pem"),
                *("-out", "/dev/null"),
            )
            assert "CMS Verification successful" in said
            checked.append(one.field_name)
    assert checked == ["person", "seal"]


def test_openssl_accepts_the_time_stamps_of_both_and_of_the_document(
    content: BytesIO, keys: Path, files: Callable[..., list[Path]], program: Program
):
    openssl = program("openssl")
    for one in signatures(content):
        if one.sig_object_type == "/Sig":
            value = cast("Any", one.signer_info)["signature"].native
            token, data = files(token=time_stamp(one), data=value)
        else:
            token, data = files(token=one.pkcs7_content, data=covered(content, one))
        said = run(
            *(openssl, "ts", "-verify", "-token_in", "-in", token, "-data", data),
            *("-CAfile", keys / "roots.pem"),
        )
        assert "Verification: OK" in said


def test_openssl_refuses_another_content(
    content: BytesIO, keys: Path, files: Callable[..., list[Path]], program: Program
):
    """Else its assent would say nothing."""
    one = next(signatures(content))
    cms, data = files(cms=one.pkcs7_content, data=covered(content, one)[:-1] + b"x")
    with pytest.raises(AssertionError, match="Verification failure"):
        run(
            *(program("openssl"), "cms", "-verify", "-binary", "-inform", "DER"),
            *("-in", cms, "-content", data, "-CAfile", keys / "roots.pem", "-out", "/dev/null"),
            *("-purpose", "any"),
        )


def test_pdfsig_accepts_both_signatures(signed: Path, program: Program):
    """It knows no time-stamps over a document, and says so."""
    said = run(program("pdfsig"), "-nocert", signed)
    assert said.count("Signature Validation: Signature is Valid.") == 2
    assert "Signer Certificate Common Name: Nguyễn Thị Bích Đào" in said
    assert f"Signer Certificate Common Name: {AGENCY}" in said
    assert "Total document signed" in said


def test_pdfsig_refuses_a_changed_byte(content: BytesIO, tmp_path: Path, program: Program):
    changed = bytearray(content.getvalue())
    changed[1000] ^= 1
    (tmp_path / "changed.pdf").write_bytes(changed)
    said = run(program("pdfsig"), "-nocert", tmp_path / "changed.pdf")
    assert "Signature is Valid" not in said
