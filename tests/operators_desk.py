"""What an operator sees and does about held messages."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from motcua_local.databases import query
from motcua_local.stack import Stack

_OPEN = """
SELECT id, ordering_key AS key, event_type AS type, state, reason FROM held_messages
WHERE state IN ('waiting', 'parked') ORDER BY id
"""


def held(endpoints: Mapping[str, Any], service: str) -> list[dict[str, Any]]:
    """The open messages of a service, from its database; cheap enough to be asked often."""
    return query(endpoints["postgres"][service], _OPEN)


def listed(stack: Stack, service: str) -> list[dict[str, Any]]:
    """The open messages of a service, as `motcua held list` tells them."""
    lines = _motcua(stack, "held", "--service", service, "list").splitlines()
    return [json.loads(line) for line in lines]


def discard(stack: Stack, service: str, ids: Iterable[int], *, why: str) -> None:
    _motcua(stack, "held", "--service", service, "discard", *map(str, ids), "--why", why)


def _motcua(stack: Stack, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "motcua_local", *arguments],
        env=os.environ | {"MOTCUA_STATE": str(stack.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
