"""A trial puts the bug into its programs alone, and says honestly who found it."""

from collections.abc import Mapping

import pytest

from chaos.planted.catalogue import BUGS, CONTROL
from chaos.planted.trial import Planter, found
from chassis.failpoints import ENVIRONMENT
from motcua_local.programs import Program
from motcua_local.stack import Stack

from .synthetic_run import judgement

BUG = BUGS["inbox-outside-the-transaction"]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    return Stack(tmp_path_factory.mktemp("stack"))


def started(program: Program) -> tuple[str, ...]:
    """Without the interpreter."""
    return program.command.argv[1:]


def catalogue(stack: Stack, planter: Planter) -> Mapping[str, Program]:
    return planter.catalogue(stack.surroundings())


def test_the_bug_is_in_its_programs_and_in_no_other(stack: Stack) -> None:
    programs = catalogue(stack, Planter(BUG))
    assert started(programs["payment"]) == ("-m", "chaos.planted", BUG.name, "payment", "serve")
    assert started(programs["intake"]) == ("-m", "intake", "serve")
    assert started(programs["mail"])[:3] == ("-m", "simulators", "mail")


def test_whoever_died_at_a_failpoint_lives_on(stack: Stack) -> None:
    planter = Planter(BUG)
    armed = catalogue(stack, planter)["payment"].command.environment
    planter.armed = False
    unarmed = catalogue(stack, planter)["payment"].command.environment
    assert armed[ENVIRONMENT] == BUG.plan.failpoints["payment"]
    assert unarmed[ENVIRONMENT] == ""


def test_the_control_runs_the_services_themselves(stack: Stack) -> None:
    for name, program in catalogue(stack, Planter(CONTROL)).items():
        assert "chaos.planted" not in program.command.argv, name


def test_a_bug_is_caught_if_whoever_has_to_find_it_did() -> None:
    told = found(BUG, judgement(I1="violated", I9="violated"), seconds=61.23)
    assert (told.caught, told.by, told.seconds) == (True, ("I1", "I9"), 61.2)
    assert told.example
    assert "transaction of its own" in told.wrong


@pytest.mark.parametrize("verdicts", [{}, {"I9": "violated"}, {"I1": "undecided"}])
def test_a_bug_that_only_another_invariant_finds_is_not_caught(verdicts: dict[str, str]) -> None:
    assert not found(BUG, judgement(**verdicts), seconds=1).caught


def test_nothing_is_caught_where_nothing_was_planted() -> None:
    told = found(CONTROL, judgement(), seconds=1)
    assert (told.caught, told.by, told.expected) == (False, (), ())


def test_what_could_not_be_decided_without_a_bug_is_told() -> None:
    assert found(CONTROL, judgement(I3="undecided"), seconds=1).by == ("I3",)
