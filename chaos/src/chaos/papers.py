"""Papers that citizens hand in: small, well-formed, and no two the same."""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from motcua_local.demo.papers import pdf

_BOUNDARY = "motcua-chaos-7d1f0c5e"


@dataclass(frozen=True)
class Upload:
    """A file as it is sent."""

    name: str
    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        return sha256(self.content).hexdigest()


def typed(title: str) -> Upload:
    """A PDF that says `title` (ASCII). A service checks it in a process of its own: dear."""
    return Upload("paper.pdf", pdf(title), "application/pdf")


def photographed(title: str) -> Upload:
    """A PNG whose grey pixels are the letters of `title`. Checked by its header: cheap."""
    pixels = title.encode()
    size = struct.pack(">IIBBBBB", len(pixels), 1, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", size), (b"IDAT", zlib.compress(b"\0" + pixels)), (b"IEND", b""))
    content = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)
    return Upload("paper.png", content, "image/png")


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def multipart(fields: Mapping[str, bytes], scan: Upload) -> tuple[bytes, str]:
    """A form with one file: the same bytes each time, as something that is repeated must be."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value
        for name, value in fields.items()
    ]
    head = f'Content-Disposition: form-data; name="scan"; filename="{scan.name}"\r\n'
    parts.append(f"{head}Content-Type: {scan.media_type}\r\n\r\n".encode() + scan.content)
    line = f"--{_BOUNDARY}".encode()
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return body, f"multipart/form-data; boundary={_BOUNDARY}"
