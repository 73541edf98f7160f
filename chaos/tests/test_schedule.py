"""The plan of a run: the same seed plans the same, and every kind has its turn."""

import json
import random
from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chaos.schedule import (
    RECOVERY_SECONDS,
    SECONDS,
    SETTLE_SECONDS,
    VICTIMS,
    Schedule,
    schedule,
)

SEEDS = st.integers(min_value=0, max_value=2**40)
KINDS = st.sets(st.sampled_from(sorted(SECONDS)))
MINUTES = st.floats(min_value=0.1, max_value=60)


@given(SEEDS, MINUTES, KINDS, st.randoms())
def test_the_same_seed_plans_the_same(
    seed: int, minutes: float, kinds: set[str], chance: random.Random
) -> None:
    shuffled = chance.sample(sorted(kinds), len(kinds))
    plan = schedule(seed, minutes=minutes, kinds=kinds)
    assert plan == schedule(seed, minutes=minutes, kinds=shuffled)


def test_another_seed_plans_otherwise() -> None:
    one, other = (schedule(seed, minutes=15, kinds=SECONDS) for seed in (1, 2))
    assert one.faults != other.faults
    assert one.kills != other.kills


@given(SEEDS)
def test_every_kind_comes_within_twelve_minutes(seed: int) -> None:
    plan = schedule(seed, minutes=12, kinds=SECONDS)
    assert {fault.kind for fault in plan.faults} == SECONDS.keys()


@given(SEEDS, MINUTES, KINDS)
def test_no_kind_comes_again_before_every_other_came(
    seed: int, minutes: float, kinds: set[str]
) -> None:
    counted = Counter[str]()
    for fault in schedule(seed, minutes=minutes, kinds=kinds).faults:
        counted[fault.kind] += 1
        times = [counted[kind] for kind in kinds]
        assert max(times) - min(times) <= 1


@given(SEEDS, MINUTES, KINDS)
def test_faults_come_one_after_the_other_and_end_with_the_run(
    seed: int, minutes: float, kinds: set[str]
) -> None:
    faults = schedule(seed, minutes=minutes, kinds=kinds).faults
    for one, following in pairwise(faults):
        assert following.at >= one.at + one.seconds + RECOVERY_SECONDS - 0.05
    for fault in faults:
        least, most = SECONDS[fault.kind]
        assert fault.kind in kinds
        assert least <= fault.seconds <= most
        assert SETTLE_SECONDS <= fault.at <= minutes * 60 - fault.seconds + 0.05


@given(SEEDS)
def test_a_long_run_has_many_kills_and_few_of_them_hit_the_identity_provider(seed: int) -> None:
    victims = Counter(kill.victim for kill in schedule(seed, minutes=12, kinds=()).kills)
    assert victims.total() >= 115
    assert victims.keys() == VICTIMS.keys()
    assert victims["identity"] <= min(victims.values())


def test_a_plan_without_kinds_still_kills() -> None:
    plan = schedule(7, minutes=1, kinds=["no such kind"])
    assert plan.faults == ()
    assert plan.kills


def test_a_plan_can_be_printed_and_read_again() -> None:
    plan = schedule(7, minutes=5, kinds=SECONDS)
    read = json.loads(json.dumps(plan.as_json()))
    assert Schedule(**read).seed == 7
    assert [fault["kind"] for fault in read["faults"]] == [fault.kind for fault in plan.faults]
    assert [kill["victim"] for kill in read["kills"]] == [kill.victim for kill in plan.kills]
