"""A sound run in whose files one thing is changed, before it is written."""

import json
from collections.abc import Callable

from checker.contract import AGENCY_TOPIC

from .tiny_run import JUSTICE, Files, Row, resealed

JUSTICE_TOPIC = AGENCY_TOPIC.format(code=JUSTICE)
NOBODY = "ffffffff-0000-7000-8000-000000000000"


class Spoiled:
    """A sound run in whose files something is changed."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def table(self, name: str) -> list[Row]:
        """By `service.table`."""
        return self.files[f"databases/{name.replace('.', '/')}.jsonl"]

    def ledger(self, name: str, kind: str) -> list[Row]:
        return [row for row in self.files[f"ledgers/{name}.jsonl"] if row["kind"] == kind]

    def topic(self, topic: str, reader: str = "operator") -> list[Row]:
        return self.files[f"topics/1/{reader}/{topic}.jsonl"]

    def topics(self, topic: str) -> list[list[Row]]:
        """What each reader saw of its last generation."""
        ends = f"/{topic}.jsonl"
        return [
            rows
            for path, rows in self.files.items()
            if path[:9] == "topics/1/" and path.endswith(ends)
        ]

    def said(self, kind: str, command: str) -> Row:
        """The first line of the history of a kind, about a command of this name."""
        asked = {
            line["commandId"]: line
            for line in self.files["history.jsonl"]
            if line["kind"] == "invoke"
        }
        return next(
            line
            for line in self.files["history.jsonl"]
            if line["kind"] == kind and asked[line["commandId"]]["command"] == command
        )

    def forget(self, command: str) -> None:
        """The first command of this name was never given."""
        lines, given = self.files["history.jsonl"], self.said("invoke", command)["commandId"]
        lines[:] = [line for line in lines if line.get("commandId") != given]

    def event(self, fact: str, service: str = "intake") -> Row:
        """The first row of an event log of this fact."""
        type_ = f"vn.motcua.{fact}.v1"
        log = self.table(f"{service}.event_log")
        return next(row for row in log if row["headers"]["ce_type"] == type_)

    def say(self, row: Row, **facts: object) -> None:
        """Change what an event says, and let the log be sealed and published with that."""
        value = json.loads(bytes.fromhex(row["value"][2:]))
        row["value"] = "\\x" + json.dumps(value | facts).encode().hex()
        self.again()

    def again(self) -> None:
        """Seal and publish anew; what was planted stays planted."""
        planted = [
            line for line in self.topic(JUSTICE_TOPIC) if line["headers"][0][0] == "x-planted"
        ]
        resealed(self.files)
        self.topic(JUSTICE_TOPIC).extend(planted)


Spoil = Callable[[Spoiled], None]


def mail(message_id: str) -> Row:
    """The mail server took a message."""
    return {
        "kind": "accepted",
        "id": "mail",
        "headers": {"Message-ID": f"<{message_id}@motcua.example>"},
    }
