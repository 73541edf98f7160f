"""Words that exist nowhere else, planted where personal data goes, and the search for them."""

import base64
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from motcua_local.databases import query
from motcua_local.demo.people import http
from tests.outside_reader import HIDDEN, read_all

Haystack = Iterable[tuple[str, bytes]]
"""Places, each with what stands there."""

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def _word() -> str:
    return "kanari" + "".join(secrets.choice("bcdfghjklmnpqrstvwxz") for _ in range(12))


def _digits(count: int) -> str:
    return "".join(secrets.choice("123456789") for _ in range(count))


@dataclass(frozen=True)
class Canaries:
    """One for each kind of personal data."""

    name: str = field(default_factory=_word)
    email: str = field(default_factory=lambda: f"{_word()}@example.vn")
    phone: str = field(default_factory=lambda: f"09{_digits(8)}")
    address: str = field(default_factory=_word)
    citizen_id: str = field(default_factory=lambda: _digits(12))
    form_content: str = field(default_factory=_word)
    file_name: str = field(default_factory=_word)
    upload: str = field(default_factory=_word)

    def found_in(self, places: Haystack) -> set[tuple[str, str]]:
        """Which of them stand where, in any of the ways in which bytes are written as text."""
        needles = {each.name: _spellings(getattr(self, each.name)) for each in fields(self)}
        return {
            (name, place)
            for place, content in places
            for name, spellings in needles.items()
            if any(spelling in content for spelling in spellings)
        }


def _spellings(word: str) -> list[bytes]:
    """Plain, as hexadecimal digits, and in base64 wherever its groups of three may begin."""
    plain = word.encode()
    shifted = (base64.b64encode(b"\0" * shift + plain) for shift in range(3))
    # The first and last characters also hold bits of the neighbours.
    inner = [coded[4 if shift else 0 : -4] for shift, coded in enumerate(shifted)]
    return [plain, plain.hex().encode(), *inner]


def topics(kafka: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Keys, headers and values of every record, the encrypted topic's too."""
    for record in [*read_all(kafka), *read_all(kafka, [HIDDEN], principal="notification")]:
        headers = b"\n".join(name.encode() + b"=" + (text or b"") for name, text in record.headers)
        yield record.topic, b"\n".join((record.key or b"", headers, record.value or b""))


def databases(endpoints: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Every row of every table as text."""
    for service, url in endpoints["postgres"].items():
        for table in (str(row["tablename"]) for row in query(url, _TABLES)):
            rows = query(url, f'SELECT t::text AS line FROM "{table}" AS t')
            yield f"{service}.{table}", "\n".join(str(row["line"]) for row in rows).encode()


def logs(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What every program wrote, but the mail sink, whose work is mails."""
    for path in sorted((folder / "logs").iterdir()):
        if path.name != "mail.log":
            yield path.name, path.read_bytes()


def metrics(endpoints: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for service, known in endpoints["services"].items():
        yield f"metrics of {service}", http().get(known["metrics"]).raise_for_status().content


def outside_parties(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What the payment gateway was told, and what the agencies' own systems keep."""
    yield "vnpay", (folder / "data" / "vnpay" / "ledger.jsonl").read_bytes()
    for store in (folder / "data").glob("agency-*/store.sqlite"):
        with sqlite3.connect(store) as database:
            yield store.parent.name, "\n".join(database.iterdump()).encode()


def mail_box(endpoints: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    yield "mail box", http().get(f"{endpoints['mail']['url']}/messages").content


def kept_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for kept in ("files", "certification-files"):
        for path in (folder / "data" / kept / "content").rglob("*"):
            if path.is_file():
                yield "kept files", path.read_bytes()
