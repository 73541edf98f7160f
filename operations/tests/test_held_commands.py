"""What an operator types about messages that could not be handled."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.consumer import Consumer
from chassis.database import Database
from chassis.errors import Permanent
from chassis.testing.dossiers import dossier_id, received, withdrawn
from chassis.testing.postgres import Databases
from chassis.testing.records import event, record
from chassis.testing.visits import Service, VisitWork, Withdrawals
from motcua_contracts.envelope import EventData
from motcua_contracts.topics import DOSSIER_EVENTS, INTAKE

from .publishing import Answer, Operator


@pytest.fixture
async def dossiers(
    consumer: Consumer[VisitWork], service: Service, withdrawals: Withdrawals
) -> list[str]:
    """Four dossiers whose withdrawal is held since 4, 3, 2 and 1 hours; something queues behind
    each.
    """
    withdrawals.error = Permanent("no-such-thing", "words of the handler")
    ids = [dossier_id() for _ in range(4)]
    facts: list[EventData] = [fact(each) for each in ids for fact in (withdrawn, received)]
    await consumer.process([record(event(fact, source=INTAKE), DOSSIER_EVENTS) for fact in facts])
    async with service.database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE held_messages SET held_at = now() - make_interval(hours => (10 - id::int) / 2)"
        )
    return ids


def lines(answer: Answer) -> list[dict[str, Any]]:
    assert answer.code == 0, answer
    return [json.loads(line) for line in answer.out.splitlines()]


async def parked(operator: Operator) -> set[str]:
    return {row["key"] for row in lines(await operator.ask("held", "list", "--state", "parked"))}


async def test_messages_are_found_by_what_is_known_of_them(
    operator: Operator, dossiers: list[str]
) -> None:
    async def found(*options: str) -> int:
        return len(lines(await operator.ask("held", "list", *options)))

    assert await found() == 8
    assert await found("--key", dossiers[0]) == 2
    assert await found("--reason", "no-such-thing") == 4
    assert await found("--type", received(dossiers[0]).type) == 4
    assert await found("--consumer", "test.visits", "--state", "waiting") == 4
    assert await found("--consumer", "another") == 0
    assert await found("--state", "handled") == 0
    assert await found("--since", "150m") == 4
    assert await found("--until", "150m") == 4
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2.5)
    assert await found("--since", two_hours_ago.isoformat(), "--until", "90m") == 2


async def test_a_moment_without_a_zone_is_asked_for_again(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong, told in (
        ("2026-11-25T08:00", "2026-11-25T08:00 does not say its zone: end it with Z or +07:00"),
        ("yesterday", "yesterday is no moment: say 2h, 3d or 20"),
    ):
        with pytest.raises(SystemExit) as usage:
            await operator.ask("held", "list", "--since", wrong)
        assert usage.value.code == 2
        assert told in capsys.readouterr().err


async def test_a_list_that_is_cut_says_so(operator: Operator, dossiers: list[str]) -> None:
    assert dossiers
    answer = await operator.ask("held", "list", "--limit", "3")
    assert len(lines(answer)) == 3
    assert answer.err == "trial: there are more than these 3; see --limit\n"


async def test_one_message_is_shown_whole_and_readable(
    operator: Operator, dossiers: list[str]
) -> None:
    [shown] = lines(await operator.ask("held", "show", "1"))
    assert shown["record_key"] == dossiers[0]
    assert dict(shown["record_headers"])["ce_subject"] == dossiers[0]
    assert json.loads(shown["record_value"])["dossierId"] == dossiers[0]
    assert shown["detail"] == "words of the handler"
    assert (await operator.ask("held", "show", "99")).code == 1


@pytest.mark.parametrize(("verb", "state"), [("redrive", "waiting"), ("discard", "discarded")])
async def test_all_that_fit_are_decided_about_after_a_look(
    operator: Operator, dossiers: list[str], verb: str, state: str
) -> None:
    words = ["held", verb, "--all-matching", "--reason", "no-such-thing", "--since", "150m"]
    words += ["--operator", "Thu", "--why", "a test"]
    look = await operator.ask(*words)
    [group] = lines(look)
    assert (group["reason"], group["state"], group["messages"]) == ("no-such-thing", "parked", 2)
    assert look.err == "trial: nothing is done yet; add --yes to do it\n"
    assert await parked(operator) == set(dossiers)

    done = await operator.ask(*words, "--yes")
    assert done.out.splitlines()[-1] == f"{verb}: 2 messages"
    assert await parked(operator) == set(dossiers[:2])
    decided = [
        row
        for row in lines(await operator.ask("held", "list", "--state", state))
        if row["reason"] == "no-such-thing"
    ]
    assert [row["key"] for row in decided] == dossiers[2:]
    [shown] = lines(await operator.ask("held", "show", str(decided[0]["id"])))
    assert (shown["operator"], shown["operator_why"]) == ("Thu", "a test")

    again = await operator.ask(*words, "--yes", "--state", "parked")
    assert (again.out, again.err) == ("", "trial: nothing is held that fits\n")


async def test_ids_are_decided_about_at_once(operator: Operator, dossiers: list[str]) -> None:
    answer = await operator.ask("held", "redrive", "1", "3", "99", "--why", "a test")
    assert answer.code == 1
    assert answer.out == "redrive: [1, 3]; not held any more: [99]\n"
    assert await parked(operator) == set(dossiers[2:])


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--all-matching",),
        ("--all-matching", "--yes"),
        ("1", "--all-matching", "--reason", "bug"),
        ("1", "--reason", "bug"),
    ],
    ids=" ".join,
)
async def test_a_decision_about_nothing_or_everything_is_a_mistake(
    operator: Operator, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as usage:
        await operator.ask("held", "discard", "--why", "a test", *words)
    assert usage.value.code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("held", "list"),
        ("held", "show", "1"),
        ("held", "redrive", "1", "--why", "a test"),
        ("replay", "--topic", "any"),
        ("audit", "verify"),
        ("audit", "head"),
    ],
    ids=" ".join,
)
async def test_a_database_that_was_never_migrated_is_told_in_one_line(
    operator: Operator, databases: Databases, words: tuple[str, ...]
) -> None:
    async def leave_empty(_: object) -> None: ...

    async with databases.fresh("empty", leave_empty) as empty:
        unmigrated = Operator(empty.url, operator.kafka, operator._printed)
        answer = await unmigrated.ask(*words)
    assert answer.code == 69
    assert answer.out == ""
    [line] = answer.err.splitlines()
    assert line.endswith("lacks what this release works with; run trial migrate")


async def test_a_defect_of_a_command_is_not_mistaken_for_a_missing_table(
    operator: Operator, database: Database
) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(
            "ALTER TABLE held_messages ALTER reason TYPE text[] USING '{}'"
        )
    with pytest.raises(Exception, match="operator does not exist"):
        await operator.ask("held", "list", "--reason", "bug")
