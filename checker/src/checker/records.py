"""Events as their writers keep them, and records as topics hold them."""

import hashlib
import json
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from sys import intern

from checker.reading import Row

Headers = Sequence[tuple[str, bytes | None]]
EventKey = tuple[str, str]
"""Source and id: the same pair twice is the same event twice (CloudEvents 1.0)."""

PLANTED = "x-planted"
"""The header of a record that the rig sent to see it refused."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a writer committed: a row of `event_log` or `outbox`, or an agency's answer."""

    topic: str
    subject: str
    sequence: int
    source: str
    id: str
    fact: str
    """What happened, without the name of the house and the major: `dossier.received`."""
    cause: str | None
    """Id of the event that this one answers, or of what a request belongs to."""
    time: str
    digest: bytes
    """Of the record that it is on its topic: key, headers in their order, value."""
    value: bytes

    @property
    def key(self) -> EventKey:
        return (self.source, self.id)

    @property
    def facts(self) -> Row:
        return json.loads(self.value)

    def __str__(self) -> str:
        return f"{self.fact} {self.id} (dossier {self.subject}, sequence {self.sequence})"


@dataclass(frozen=True, slots=True)
class Record:
    """What one reader saw at one place of a topic."""

    topic: str
    partition: int
    offset: int
    key: str | None
    source: str
    id: str
    subject: str
    sequence: int | None
    planted: str | None
    digest: bytes

    @property
    def event(self) -> EventKey:
        return (self.source, self.id)

    @property
    def place(self) -> tuple[int, int]:
        return (self.partition, self.offset)

    def __str__(self) -> str:
        return f"{self.topic} [{self.partition}] at {self.offset} (event {self.id or 'without id'})"


def event_of_row(row: Row) -> Event:
    """From a row of `event_log` or `outbox`."""
    headers = in_jsonb_order(row["headers"])
    value = bytes_of_hex(row["value"])
    encoded = [(name, text.encode()) for name, text in headers]
    return _event((row["topic"], row["subject"]), encoded, value)


def event_of_answer(topic: str, row: Row) -> Event:
    """From a row of the `answers` of an agency."""
    headers = [(str(name), str(text).encode()) for name, text in json.loads(row["headers"])]
    return _event((topic, row["dossier"]), headers, b64decode(row["value"]["base64"]))


def record_of_line(line: Row) -> Record:
    """From a line of a saved topic."""
    headers = headers_of_base64(line["headers"])
    known = _texts(headers)
    key, value = _bytes(line["key"]), _bytes(line["value"])
    sequence = known.get("ce_sequence", "")
    return Record(
        topic=intern(line["topic"]),
        partition=line["partition"],
        offset=line["offset"],
        key=None if key is None else intern(key.decode(errors="replace")),
        source=intern(known.get("ce_source", "")),
        id=known.get("ce_id", ""),
        subject=intern(known.get("ce_subject", "")),
        sequence=int(sequence) if sequence.isascii() and sequence.isdecimal() else None,
        planted=known.get(PLANTED),
        digest=digest(key, headers, value),
    )


def headers_of_base64(pairs: Iterable[Sequence[str | None]]) -> list[tuple[str, bytes | None]]:
    """Headers as saved topics and held messages write them: name and base64."""
    return [(str(name), _bytes(text)) for name, text in pairs]


def planted_id(pairs: Iterable[Sequence[str | None]]) -> str | None:
    """The mark of a record that the rig planted."""
    return _texts(headers_of_base64(pairs)).get(PLANTED)


def digest(key: bytes | None, headers: Headers, value: bytes | None) -> bytes:
    """Equal for equal records alone: every part is preceded by its length, absent ones by -1."""
    sha256 = hashlib.sha256()
    parts = [key, value]
    for name, content in headers:
        parts += [name.encode(), content]
    for part in parts:
        sha256.update(b"%d:" % (-1 if part is None else len(part)))
        sha256.update(part or b"")
    return sha256.digest()


def in_jsonb_order(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """As PostgreSQL's jsonb keeps the members of an object: shorter names first, then by bytes."""
    return sorted(headers.items(), key=lambda pair: (len(pair[0].encode()), pair[0].encode()))


def jsonb_text(headers: Mapping[str, str]) -> str:
    """What `headers::text` is in PostgreSQL: only quotes, backslashes and control characters are
    escaped, and Python's JSON escapes them alike.
    """
    return json.dumps(dict(in_jsonb_order(headers)), ensure_ascii=False, separators=(", ", ": "))


def bytes_of_hex(text: str) -> bytes:
    r"""A bytea as `to_jsonb` writes it: `\x` and hexadecimal digits."""
    return bytes.fromhex(text.removeprefix("\\x"))


def _event(stream: tuple[str, str], headers: Headers, value: bytes) -> Event:
    topic, subject = stream
    known = _texts(headers)
    return Event(
        topic=intern(topic),
        subject=intern(subject),
        sequence=int(known["ce_sequence"]),
        source=intern(known["ce_source"]),
        id=known["ce_id"],
        fact=intern(known["ce_type"].removeprefix("vn.motcua.").removesuffix(".v1")),
        cause=known.get("ce_causationid"),
        time=known["ce_time"],
        digest=digest(subject.encode(), headers, value),
        value=value,
    )


def _texts(headers: Headers) -> dict[str, str]:
    """Headers that are text, each by its name."""
    texts: dict[str, str] = {}
    for name, content in headers:
        if content is not None:
            texts.setdefault(name, content.decode(errors="replace"))
    return texts


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
