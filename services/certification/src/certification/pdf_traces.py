"""Traces of a register in a file that is not one of its copies: whose signatures, which links.

The file is anything at all: no trace is proof of anything, and none is needed, for a file that is
no copy by its digest never becomes one. They tell "altered" from "not ours". Signatures are sought
in the bytes, so that a file whose structure is broken still shows them; links also in what a
reader sees once it is unpacked.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pikepdf
from asn1crypto import cms

from certification.codes import LINK_PATTERN

MOST = 16
"""Of either kind. Ours have four signatures with their time-stamps."""
MOST_PAGES = 200

_CONTENTS = re.compile(rb"<(30[0-9A-Fa-f\s]{512,})>")


def traces(path: Path, check_url: str) -> Mapping[str, object]:
    """Fingerprints of the certificates that sign in it, and the links after `check_url` in it."""
    content = path.read_bytes()
    link = re.compile(f"{re.escape(check_url)}({LINK_PATTERN})(?![0-9A-Za-z])".encode())
    seen = [content, *_unpacked(path)]
    links = (found[1].decode() for text in seen for found in link.finditer(text))
    return {
        "verdict": "read",
        "certificates": list(dict.fromkeys(_certificates(content))),
        "links": list(islice(dict.fromkeys(islice(links, 1_000)), MOST)),
    }


def _certificates(content: bytes) -> Iterator[str]:
    for found in islice(_CONTENTS.finditer(content), MOST):
        # A signature that was cut or flipped is none; whatever its parser raises says no more.
        with suppress(Exception):
            yield _signer(bytes.fromhex(found[1].decode()))


def _signer(signature: bytes) -> str:
    """The certificate whose key made this CMS signature (RFC 5652), which comes with it."""
    signed = cms.ContentInfo.load(signature)["content"]
    sid = signed["signer_infos"][0]["sid"].chosen
    for choice in signed["certificates"]:
        certificate = choice.chosen
        if (
            certificate.issuer == sid["issuer"]
            and certificate.serial_number == sid["serial_number"].native
        ):
            fingerprint: str = certificate.sha256.hex()
            return fingerprint
    raise ValueError("it comes without its certificate")


def _unpacked(path: Path) -> Iterator[bytes]:
    """What the document says about itself, and where its pages lead to."""
    with suppress(Exception), pikepdf.open(path) as pdf:
        yield from (str(value).encode() for value in pdf.docinfo.values())
        if "/Metadata" in pdf.Root:
            yield pdf.Root.Metadata.read_bytes()
        for page in islice(pdf.pages, MOST_PAGES):
            for annotation in islice(page.get("/Annots", []), MOST_PAGES):
                yield str(annotation.get("/A", {}).get("/URI", "")).encode()
