"""The size gate passes what is small, and names what is not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gates import sizes

Plant = Callable[[str, str], None]


def function(lines: int, parameters: str = "") -> str:
    """The source of a function that is so many lines long."""
    return f"def f({parameters}) -> None:\n" + "    print()\n" * (lines - 1)


def test_small_code_passes_with_one_summary_line(
    tmp_path: Path, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    plant("chassis/src/chassis/relay.py", function(4) + function(6))

    assert sizes.main(tmp_path) == 0
    printed = capsys.readouterr().out
    assert printed == "sizes: ok (2 functions, median 5, p90 6; chassis 10 lines of code)\n"


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("gates/long.py", "\n" * 4 + function(61), "gates/long.py:5 f: 61 lines, at most 60"),
        ("gates/wide.py", function(2, "a, *, b, c, d, e, g"), "f: 6 parameters, at most 5"),
        ("gates/file.py", "x = 1\n" * 401, "gates/file.py:1 file.py: 401 lines, at most 400"),
        ("services/intake/src/intake/app.py", "x = 1\n" * 61, "app.py: 61 lines, at most 60"),
        ("tests/test_long.py", function(61), "tests/test_long.py:1 f: 61 lines, at most 60"),
        ("contracts/src/a.py", function(11), "median function: 11 lines, at most 10"),
    ],
)  # fmt: skip
def test_each_excess_is_one_line_with_its_limit(
    tmp_path: Path,
    plant: Plant,
    capsys: pytest.CaptureFixture[str],
    path: str,
    text: str,
    said: str,
) -> None:
    for number in range(5 if "median" not in said else 0):
        plant(f"gates/small_{number}.py", function(3))
    plant(path, text)

    assert sizes.main(tmp_path) == 1
    findings = capsys.readouterr().out.splitlines()[:-1]
    assert len(findings) == 1
    assert said in findings[0]


def test_the_chassis_is_measured_as_a_whole(
    tmp_path: Path, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(7):
        plant(f"chassis/src/chassis/part_{number}.py", "x = 1\n" * 360)

    assert sizes.main(tmp_path) == 1
    assert "chassis: 2520 lines of code in all, at most 2450" in capsys.readouterr().out


def test_of_the_chassis_only_code_that_services_run_is_counted(
    tmp_path: Path, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    said = '"""A docstring\n\nof many lines.\n"""\n\n# a comment\n' * 50
    plant("chassis/src/chassis/part.py", said + 'x = """\n"""\n')
    plant("chassis/src/chassis/testing/fakes.py", "x = 1\n" * 390)

    assert sizes.main(tmp_path) == 0
    assert "chassis 2 lines of code" in capsys.readouterr().out


def test_self_is_no_parameter_and_tests_may_take_many_fixtures(
    tmp_path: Path, plant: Plant
) -> None:
    method = "class A:\n    def f(self, a: int, *, b: int, c: int, d: int, e: int) -> None: ...\n"
    plant("gates/method.py", method)
    plant("gates/tests/test_many.py", function(2, "a, b, c, d, e, f, g"))

    assert sizes.main(tmp_path) == 0


def test_a_tests_length_does_not_move_the_median(tmp_path: Path, plant: Plant) -> None:
    plant("gates/small.py", function(3))
    plant("gates/tests/test_story.py", function(40) + function(40))

    assert sizes.main(tmp_path) == 0
