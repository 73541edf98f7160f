"""Writing a file so that it is whole or not there, also after a loss of power."""

import hashlib
import os
from pathlib import Path
from uuid import uuid4

from documents.durable import make_durable


def write_durably(target: Path, content: bytes) -> str:
    """Put `content` at `target`, safely on the disk; gives back its SHA-256."""
    part = target.with_name(f".{target.name}.{uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
        make_durable(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return hashlib.sha256(content).hexdigest()
