"""When nothing is on its way any more, and what everybody knows then."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from motcua_local.databases import query
from motcua_local.demo.people import http
from motcua_local.stack import Stack
from motcua_local.status import read_status
from tests.eventually import eventually

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_LETTERS = "SELECT id FROM messages WHERE state IN ('reserved', 'claimed', 'sending')"


def until_quiet(stack: Stack, endpoints: Mapping[str, Any]) -> None:
    """Wait until every record is consumed, every event published, every letter sent."""

    def quiet() -> bool:
        status = read_status(stack)
        groups = status.lag or {"unknown": {"": 1}}
        behind = [sum(lag.values()) for name, lag in groups.items() if "operator." not in name]
        unpublished = [backlog.outbox_rows for backlog in status.backlogs.values()]
        unsent = query(endpoints["postgres"]["notification"], _LETTERS)
        return not any(behind) and set(unpublished) == {0} and not unsent

    eventually(quiet, what="quiet")


def everything(stack: Stack, endpoints: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every row that anybody keeps, and every letter."""
    box = http().get(f"{endpoints['mail']['url']}/messages").json()
    known = {"letters": [mail["id"] for mail in box]}
    for service, url in endpoints["postgres"].items():
        for table in (str(row["tablename"]) for row in query(url, _TABLES)):
            rows = query(url, f'SELECT t::text AS line FROM "{table}" AS t ORDER BY 1')
            known[f"{service}.{table}"] = [str(row["line"]) for row in rows]
    for store in (stack.folder / "data").glob("agency-*/store.sqlite"):
        with sqlite3.connect(store) as database:
            known[store.parent.name] = [*database.iterdump()]
    return known


def measured(endpoints: Mapping[str, Any], service: str, name: str, **labels: str) -> float:
    """The sum of a service's samples of this name that carry these labels."""
    page = http().get(endpoints["services"][service]["metrics"]).raise_for_status().text
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )
