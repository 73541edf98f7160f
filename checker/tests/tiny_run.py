"""A sound run of five dossiers, made up without motcua: everything that a saved run holds.

Paths and rows lie in memory, so that a test can spoil one thing before it is written. Logs are
sealed and topics written from them at the end; `resealed` does it again after a change.
"""

import hashlib
import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from checker.contract import (
    AGENCY_TOPIC,
    CERTIFICATIONS,
    DOSSIERS,
    NOTIFICATIONS,
    PAYMENTS,
    RECIPIENTS,
    TOLD,
    WRITERS,
    consumers_of,
)

Row = dict[str, Any]
Files = dict[str, list[Row]]
"""The rows of each file, by its path in the run's folder."""

START = datetime(2026, 11, 25, 10, tzinfo=UTC)
TABLES: Mapping[str, tuple[str, ...]] = {
    "intake": ("dossiers", "files", "papers", "certified_copies"),
    "payment": (
        "dossiers",
        "orders",
        "obligations",
        "attempts",
        "gateway_transactions",
        "refunds",
        "receipts",
        "receipt_series",
        "gateway_notifications",
    ),
    "certification": (
        "dossiers",
        "copies",
        "register_entries",
        "register_books",
        "signing_attempts",
        "signing_certificates",
    ),
    "notification": ("messages", "attempts", "recipients"),
}
CHASSIS = ("inbox", "streams", "outbox", "event_log", "held_messages", "idempotency_keys")
JUSTICE, PLANNING, OFFICE = "H42.10", "H42.11", "H42.01"
NOTHING = hashlib.sha256(b"").hexdigest()
_TOPICS = {
    "dossier": ("intake", DOSSIERS),
    "payment": ("payment", PAYMENTS),
    "certification": ("certification", CERTIFICATIONS),
    "notification": ("notification", NOTIFICATIONS),
}
_READERS = {
    DOSSIERS: ("operator", f"agency-{JUSTICE}"),
    PAYMENTS: ("operator", f"agency-{JUSTICE}"),
    CERTIFICATIONS: ("operator", f"agency-{JUSTICE}"),
    RECIPIENTS: ("notification",),
}


class World:
    """What happens, and what everybody writes down of it."""

    def __init__(self) -> None:
        self.files: Files = defaultdict(list)
        self.about: Row = {
            "format": 1,
            "seed": 7,
            "commit": "0000000",
            "startedAt": "2026-11-25T10:00:00Z",
            "quietAt": "2026-11-25T11:00:00Z",
            "agencies": [JUSTICE, PLANNING],
        }
        self._numbers = count(1)
        self._seconds = count(1)
        self._streams: dict[tuple[str, str], Row] = {}
        for service, tables in TABLES.items():
            for table in (*tables, *CHASSIS):
                self.table(service, table)
        for code in (JUSTICE, PLANNING):
            _ = (
                self.files[f"agencies/{code}/answers.jsonl"],
                self.files[f"agencies/{code}/seen.jsonl"],
            )
        for ledger in ("vnpay", "mail", "trust", "identity"):
            _ = self.files[f"ledgers/{ledger}.jsonl"]

    def table(self, service: str, name: str) -> list[Row]:
        return self.files[f"databases/{service}/{name}.jsonl"]

    def ledger(self, name: str, kind: str, **fields: object) -> None:
        self.files[f"ledgers/{name}.jsonl"].append({"at": self.now(), "kind": kind, **fields})

    def id(self) -> str:
        return f"{next(self._numbers):08x}-0000-7000-8000-000000000000"

    def now(self) -> str:
        moment = START + timedelta(seconds=next(self._seconds))
        return moment.replace(tzinfo=None).isoformat() + "Z"

    def command(
        self, name: str, told: Row | None = None, outcome: str = "ok", **asked: Any
    ) -> None:
        """Two lines of the history."""
        command_id = self.id()
        invoked = {"kind": "invoke", "commandId": command_id, "command": name, **asked}
        ended = {"kind": outcome, "commandId": command_id, **(told or {})}
        for line in (invoked, ended):
            self.files["history.jsonl"].append({"at": self.now(), **line})

    def note(self, what: str, **details: Any) -> None:
        line = {"kind": "note", "note": what, **details}
        self.files["history.jsonl"].append({"at": self.now(), **line})

    def keep(self, service: str, content: bytes) -> str:
        """A file in the store of a service; gives back its digest."""
        sha256 = hashlib.sha256(content).hexdigest()
        stored = {"name": sha256, "sha256": sha256, "size": len(content)}
        self.files[f"files/{service}.jsonl"].append(stored)
        return sha256

    def answered(self, service: str, key: str, body: object) -> None:
        row = {"principal": "p", "operation": "POST /v1", "key": key, "status": 200, "body": body}
        self.table(service, "idempotency_keys").append(row)

    def announce(self, fact: str, subject: str, cause: str | None = None, **facts: Any) -> str:
        """An event, published, consumed by everybody and told to its citizen; gives back its id."""
        service, topic = _TOPICS[fact.partition(".")[0]]
        topic = RECIPIENTS if fact == "dossier.recipients" else topic
        event_id, time = self.id(), self.now()
        sequence = self._advance(service, topic, subject)
        headers = _headers(event_id, WRITERS[topic], fact, subject, sequence, time, cause)
        self.table(service, "event_log").append(
            {
                "position": len(self.table(service, "event_log")) + 1,
                "event_id": event_id,
                "topic": topic,
                "subject": subject,
                "sequence": sequence,
                "headers": headers,
                "value": "\\x" + json.dumps({"dossierId": subject, **facts}).encode().hex(),
                "created_at": time,
            }
        )
        self._consume(topic, fact, WRITERS[topic], event_id)
        if fact in TOLD:
            self.tell(fact, subject, event_id)
        return event_id

    def _advance(self, service: str, topic: str, subject: str) -> int:
        stream = (topic, subject)
        if stream not in self._streams:
            self._streams[stream] = {"topic": topic, "subject": subject, "version": 0}
            self.table(service, "streams").append(self._streams[stream])
        self._streams[stream]["version"] += 1
        return self._streams[stream]["version"]

    def _consume(self, topic: str, fact: str, source: str, event_id: str) -> None:
        for consumer in consumers_of(topic):
            if fact in consumer.facts:
                row = {"consumer": consumer.name, "source": source, "event_id": event_id}
                inbox = self.table(consumer.service, "inbox")
                inbox.append({**row, "received_at": self.now()})

    def tell(self, fact: str, subject: str, event_id: str) -> None:
        message_id = self.id()
        message = {
            "id": message_id,
            "fact_event_id": event_id,
            "fact_type": f"vn.motcua.{fact}.v1",
            "dossier_id": subject,
            "recipient": "applicant",
            "channel": "email",
            "state": "sent",
            "reason": None,
        }
        self.table("notification", "messages").append(message)
        attempt = {"id": self.id(), "message_id": message_id, "happening": "accept"}
        self.table("notification", "attempts").append(attempt)
        headers = {"Message-ID": f"<{message_id}@motcua.example>"}
        self.ledger("mail", "accepted", id=self.id(), headers=headers)
        told = {"messageId": message_id, "factEventId": event_id}
        self.announce("notification.sent", subject, event_id, **told)

    def say(self, code: str, fact: str, subject: str, cause: str, **facts: Any) -> str:
        """What an agency's own system sends; gives back the event's id."""
        answers = self.files[f"agencies/{code}/answers.jsonl"]
        event_id, topic = self.id(), AGENCY_TOPIC.format(code=code)
        sequence = sum(row["dossier"] == subject for row in answers) + 1
        source = f"/agencies/{code}"
        headers = _headers(event_id, source, fact, subject, sequence, self.now(), cause)
        value = json.dumps({"dossierId": subject, **facts}).encode()
        answers.append(
            {
                "number": len(answers) + 1,
                "dossier": subject,
                "headers": json.dumps([*headers.items()]),
                "value": {"base64": b64encode(value).decode()},
                "sent": 1,
            }
        )
        self._consume(topic, fact, source, event_id)
        return event_id

    def see(self, code: str, event_id: str) -> None:
        row = {"source": "/motcua/intake", "id": event_id}
        self.files[f"agencies/{code}/seen.jsonl"].append(row)


def _headers(
    event_id: str,
    source: str,
    fact: str,
    subject: str,
    sequence: int,
    time: str,
    cause: str | None,
) -> dict[str, str]:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": source,
        "ce_type": f"vn.motcua.{fact}.v1",
        "ce_time": time,
        "ce_subject": subject,
        "ce_sequence": str(sequence),
        "content-type": "application/json",
    }
    return headers | ({"ce_causationid": cause} if cause else {})


def resealed(files: Files) -> Files:
    """Logs sealed anew with what is in them now, and topics as everybody reads them then."""
    for service in TABLES:
        previous = bytes(32)
        for row in files[f"databases/{service}/event_log.jsonl"]:
            row["headers"] = dict(sorted(row["headers"].items(), key=lambda p: (len(p[0]), p[0])))
            parts = [str(row["position"]), row["event_id"], row["topic"], row["subject"]]
            parts += [str(row["sequence"]), json.dumps(row["headers"])]
            sealed = "\0".join(parts).encode() + b"\0" + bytes.fromhex(row["value"][2:])
            previous = hashlib.sha256(previous + sealed).digest()
            row["hash"] = "\\x" + previous.hex()
    for path in [path for path in files if path.startswith("topics/")]:
        del files[path]
    for topic, lines in _topics(files).items():
        for reader in _READERS.get(topic, ("operator",)):
            files[f"topics/1/{reader}/{topic}.jsonl"] = deepcopy(lines)
    earlier = files[f"topics/1/operator/{DOSSIERS}.jsonl"]
    for reader in _READERS[DOSSIERS]:
        files[f"topics/0/{reader}/{DOSSIERS}.jsonl"] = deepcopy(earlier[: len(earlier) // 2])
    payments = f"topics/1/operator/{PAYMENTS}.jsonl"
    for reader in _READERS[PAYMENTS]:  # a relay was killed before it noted what it had sent
        path = f"topics/1/{reader}/{PAYMENTS}.jsonl"
        files[path].append(files[payments][0] | {"offset": len(files[path])})
    return files


def _topics(files: Files) -> Mapping[str, list[Row]]:
    topics: dict[str, list[Row]] = defaultdict(list)
    for service in TABLES:
        for row in files[f"databases/{service}/event_log.jsonl"]:
            value = bytes.fromhex(row["value"][2:])
            _produce(topics[row["topic"]], row["topic"], row["subject"], row["headers"], value)
    for code in (JUSTICE, PLANNING):
        topic = AGENCY_TOPIC.format(code=code)
        for row in files[f"agencies/{code}/answers.jsonl"]:
            value = row["value"]["base64"]
            headers = dict(json.loads(row["headers"]))
            _produce(topics[topic], topic, row["dossier"], headers, value)
    return topics


def _produce(
    lines: list[Row], topic: str, key: str, headers: Mapping[str, str], value: bytes | str
) -> None:
    content = value if isinstance(value, str) else b64encode(value).decode()
    lines.append(
        {
            "topic": topic,
            "partition": 0,
            "offset": len(lines),
            "timestamp": 0,
            "key": b64encode(key.encode()).decode(),
            "headers": [[name, b64encode(t.encode()).decode()] for name, t in headers.items()],
            "value": content,
        }
    )


def write(files: Files, folder: Path) -> Path:
    """The run on disk."""
    for path, rows in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path == "run.json":
            target.write_text(json.dumps(rows[0]), "utf-8")
        else:
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            target.write_text("".join(lines), "utf-8")
    return folder
