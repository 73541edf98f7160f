"""Where this checkout keeps what it runs with."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
TOPICS_FILE = ROOT / "deploy" / "kafka" / "topics.yaml"


def state_folder() -> Path:
    """Data, logs, pid files and credentials: `var/local`, or `MOTCUA_STATE`."""
    return Path(os.environ.get("MOTCUA_STATE") or ROOT / "var" / "local").absolute()
