"""The history of a run: every command, what came back, and every fault, one JSON object a line.

Appended and never changed. A command is one `invoke` and at most one outcome: `ok`, `fail` (nothing
happened, and that is sure) or `unknown` (it may have happened). A command without an outcome counts
as unknown: the run ended over it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal
from uuid import uuid4

Outcome = Literal["ok", "fail", "unknown"]
Fields = Mapping[str, Any]


class History:
    """Writes `history.jsonl`; may be used from any thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._number = 0
        self._lock = Lock()

    def invoke(self, command: str, by: str, **arguments: object) -> str:
        """A command is about to be sent; gives back its id."""
        command_id = str(uuid4())
        self._write("invoke", {"commandId": command_id, "command": command, "by": by, **arguments})
        return command_id

    def end(self, command_id: str, outcome: Outcome, **result: object) -> None:
        """What came of a command: HTTP `status`, `error`, `tries`, and what the answer says."""
        self._write(outcome, {"commandId": command_id, **result})

    def fault(self, kind: str, target: str, **details: object) -> str:
        """Something is about to be broken; gives back the fault's id."""
        fault_id = str(uuid4())
        self._write("fault", {"faultId": fault_id, "fault": kind, "target": target, **details})
        return fault_id

    def heal(self, fault_id: str, **details: object) -> None:
        """A fault is over; `recoveredSeconds` says how long it took until all went on."""
        self._write("heal", {"faultId": fault_id, **details})

    def note(self, what: str, **details: object) -> None:
        """Anything else that a checker has to know."""
        self._write("note", {"note": what, **details})

    def close(self) -> None:
        self._file.close()

    def _write(self, kind: str, fields: Fields) -> None:
        with self._lock:
            self._number += 1
            at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
            line = {"n": self._number, "at": at, "kind": kind, **fields}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
