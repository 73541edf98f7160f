"""Planted bugs find what they replace, and every way to bring them to light exists."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

import certification
import chassis
import documents
import intake
import notification
import payment
from chaos import journeys, planted
from chaos.planted.bug import PatchMissedError, Planted, replacements
from chaos.planted.catalogue import BUGS, CONTROL
from chaos.planted.strikes import STRIKES
from chassis import failpoints
from chassis.testing.failpoints import declared
from checker import INVARIANTS
from motcua_local.surroundings import SERVICES

ALL = [pytest.param(bug, id=name) for name, bug in BUGS.items()]
ONE = BUGS["no-inbox"]
PLANS = [*ALL, pytest.param(CONTROL, id="control")]


@pytest.mark.parametrize("bug", ALL)
def test_each_bug_finds_what_it_replaces(bug: Planted) -> None:
    replaced = list(replacements(bug))
    assert len(replaced) == len(bug.patches) > 0
    for owner, attribute, replacement in replaced:
        assert getattr(owner, attribute) is not replacement


@pytest.mark.parametrize("bug", ALL)
def test_each_bug_says_what_is_wrong_and_which_invariant_has_to_find_it(bug: Planted) -> None:
    assert bug.wrong
    assert bug.caught_by
    assert set(bug.caught_by) <= {name.partition("-")[0] for name in INVARIANTS}
    assert f"({', '.join(bug.caught_by)})" in bug.wrong


@pytest.mark.parametrize("bug", PLANS)
def test_each_plan_can_be_carried_out(bug: Planted) -> None:
    packages = (chassis, documents, intake, payment, certification, notification, planted)
    known = {name for package in packages for name in declared(package)}
    assert set(bug.plan.kinds) <= set(journeys.KINDS)
    assert set(bug.plan.strikes) <= set(STRIKES)
    assert {*bug.programs, *bug.plan.failpoints} <= set(SERVICES)
    for orders in bug.plan.failpoints.values():
        assert {order.partition("=")[0].partition("/")[0] for order in orders.split(",")} <= known


@pytest.fixture
def disarmed() -> Iterator[None]:
    yield
    failpoints.arm({})


@pytest.mark.usefixtures("disarmed")
@pytest.mark.parametrize("bug", PLANS)
def test_each_failpoint_of_a_plan_is_ordered_as_it_has_to_be(bug: Planted) -> None:
    for orders in bug.plan.failpoints.values():
        failpoints.arm({failpoints.ENVIRONMENT: orders})


@pytest.mark.parametrize(
    "target",
    [
        "chassis.inbox:forgotten",
        "chassis.consumer:Consumer.forgotten",
        "chassis.consumer:Forgotten.process",
        "chassis.inbox:forget",
    ],
    ids=["no function", "no method", "no class", "another shape"],
)
def test_a_bug_that_misses_is_an_error(target: str) -> None:
    missed = replace(ONE, patches={target: "consuming:remember_nothing"})
    with pytest.raises(PatchMissedError):
        list(replacements(missed))


def test_what_is_not_awaited_cannot_take_the_place_of_what_is() -> None:
    missed = replace(ONE, patches={"chassis.inbox:record": "paying:believe_every_signature"})
    with pytest.raises(PatchMissedError):
        list(replacements(missed))


def test_a_service_runs_with_a_bug_in_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chaos.planted", ONE.name, "payment", "--help"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    assert "serve" in done.stdout


def test_at_least_fourteen_bugs_are_planted() -> None:
    assert len(BUGS) >= 14
