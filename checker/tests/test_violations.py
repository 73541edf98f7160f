"""Every rule is shown to fail: on a run that is sound but for one thing."""

from pathlib import Path

import pytest

from checker import INVARIANTS, judge

from .spoilers import ALSO, SPOILERS
from .spoiling import Spoiled
from .tiny_run import write
from .tiny_stories import sound_run

INVARIANT_OF = {rule.name: name for name, rules in INVARIANTS.items() for rule in rules}


def test_each_rule_has_a_run_that_breaks_it() -> None:
    assert SPOILERS.keys() == INVARIANT_OF.keys()


@pytest.mark.parametrize("rule", SPOILERS)
def test_what_breaks_a_rule_is_caught_by_its_invariant(rule: str, tmp_path: Path) -> None:
    files = sound_run()
    SPOILERS[rule](Spoiled(files))
    report = judge(write(files, tmp_path))

    verdict = report.verdicts[INVARIANT_OF[rule]]
    assert verdict.rules[rule].violations
    assert any(example.startswith(f"{rule}: ") for example in verdict.examples)
    violated = {name.split("-")[0] for name, v in report.verdicts.items() if v.violations}
    assert violated == {INVARIANT_OF[rule].split("-")[0], *ALSO.get(rule, ())}
    assert not report.passed
