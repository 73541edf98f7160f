"""Files that hold keys: whole or not at all, and for their owner only."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """A kill in between leaves the old file, never half of a new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
