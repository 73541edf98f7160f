"""The picture of `motcua status` as tables."""

from collections.abc import Iterator

from rich.table import Column, Table

from motcua_local.programs import Kind
from motcua_local.status import Backlog, ProgramStatus, StackStatus, State

_COLOURS = {
    State.READY: "green",
    State.NOT_READY: "yellow",
    State.CRASHED: "red",
    State.STOPPED: "dim",
}


def status_tables(status: StackStatus) -> Iterator[Table]:
    """Programs first, then what the consumer groups have not read yet."""
    yield _programs(status)
    if status.lag:
        yield _lag(status.lag)


def advice(status: StackStatus) -> Iterator[str]:
    """What to do about what is not as it should be."""
    by_state = {
        state: [program.name for program in status.programs if program.state is state]
        for state in State
    }
    if len(by_state[State.STOPPED]) == len(status.programs):
        yield "nothing runs: motcua up"
        return
    for name in by_state[State.CRASHED]:
        yield f"{name} crashed: motcua logs {name}, then motcua up {name}"
    for name in by_state[State.NOT_READY]:
        yield f"{name} runs and is not ready: motcua logs {name}"
    if stopped := by_state[State.STOPPED]:
        yield f"stopped: motcua up {' '.join(stopped)}"
    for service, backlog in status.backlogs.items():
        if backlog.held and backlog.held.get("parked"):
            yield f"{service} holds what needs a decision: motcua held list --service {service}"


def _programs(status: StackStatus) -> Table:
    names = ("program", "kind", "state", "pid", "ports")
    table = Table(*(Column(name, no_wrap=name != "ports") for name in names), "outbox", "held")
    for program in status.programs:
        backlog = status.backlogs.get(program.name)
        table.add_row(*_row(program), *_waiting(program, backlog))
    return table


def _row(program: ProgramStatus) -> tuple[str, ...]:
    colour = _COLOURS[program.state]
    pid = "" if program.pid is None else str(program.pid)
    state = f"[{colour}]{program.state}[/]"
    return program.name, program.kind, state, pid, " ".join(map(str, program.ports))


def _waiting(program: ProgramStatus, backlog: Backlog | None) -> tuple[str, str]:
    if program.kind is not Kind.SERVICE or backlog is None:
        return "", ""
    if backlog.outbox_rows is None or backlog.held is None:
        return "?", "?"
    age = "" if backlog.outbox_age is None else f", oldest {backlog.outbox_age:.1f} s"
    held = ", ".join(f"{count} {state}" for state, count in sorted(backlog.held.items()))
    return f"{backlog.outbox_rows}{age}", held or "0"


def _lag(lag: dict[str, dict[str, int]]) -> Table:
    table = Table("consumer group", Column("topic", no_wrap=True), "lag")
    for group, topics in sorted(lag.items()):
        for topic, records in sorted(topics.items()):
            table.add_row(group, topic, str(records))
    return table
