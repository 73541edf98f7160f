"""What an operator reads off the status."""

import io
from collections.abc import Mapping

from rich.console import Console

from motcua_local.programs import KINDS
from motcua_local.status import Backlog, ProgramStatus, StackStatus, State
from motcua_local.status_table import advice, status_tables

HOLDING = Backlog(outbox_rows=12, outbox_age=3.2, held={"parked": 1, "waiting": 12})


def status(states: Mapping[str, State], backlog: Backlog = HOLDING) -> StackStatus:
    """Everything ready, but for those that are named."""
    programs = (
        ProgramStatus(name, kind, states.get(name, State.READY), 4194304, (31999,))
        for name, kind in KINDS.items()
    )
    lag = {"intake.decisions": {"motcua.agency.H42.10.decisions.v1": 3}}
    return StackStatus(tuple(programs), {"intake": backlog}, lag)


def test_names_of_programs_and_topics_are_whole_in_a_narrow_window() -> None:
    picture = io.StringIO()
    Console(file=picture, width=80).print(*status_tables(status({"intake": State.NOT_READY})))
    assert all(name in picture.getvalue() for name in (*KINDS, "motcua.agency.H42.10.decisions.v1"))


def test_nothing_is_advised_where_all_is_well() -> None:
    assert list(advice(status({}, Backlog(0, None, {"waiting": 1})))) == []


def test_each_thing_that_is_not_well_comes_with_what_to_do() -> None:
    seen = status({"payment": State.CRASHED, "vnpay": State.NOT_READY, "mail": State.STOPPED})
    assert list(advice(seen)) == [
        "payment crashed: motcua logs payment, then motcua up payment",
        "vnpay runs and is not ready: motcua logs vnpay",
        "stopped: motcua up mail",
        "intake holds what needs a decision: motcua held list --service intake",
    ]


def test_where_nothing_runs_there_is_one_thing_to_do() -> None:
    assert list(advice(status(dict.fromkeys(KINDS, State.STOPPED)))) == ["nothing runs: motcua up"]
