"""What is told to be safe is safe after a loss of power, too."""

import os
from pathlib import Path


def make_durable(path: Path) -> None:
    """Wait until the disk has the content of a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
