"""Whoever catches any error and goes on in silence is found; whoever tells of it is not."""

from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from gates import swallowed_errors

Plant = Callable[[str, str], None]

PLACE = "services/intake/src/intake/handlers.py"

LOGGED = """\
try:
    work()
except Exception as error:
    log.exception('oh')
"""
RAISED_SOMETIMES = """\
    if odd(error):
        raise
    rest()
"""
GIVEN_BACK = """\
def read():
    try:
        work()
    except Exception as error:
        return Answer(bug=type(error).__name__)
"""
COUNTED_BELOW = """\
class Lane:
    def run(self):
        try:
            work()
        except Exception as error:
            self.tell(error)

    def tell(self, error):
        self.note()

    def note(self):
        metrics.FAULTS.labels("a").inc()
"""
GATHERED = """\
async def run():
    found = await gather(*lanes, return_exceptions=True)
    if found:
        raise ExceptionGroup('lanes', found)
"""


@pytest.mark.parametrize(
    "text",
    [
        LOGGED,
        LOGGED.replace("Exception as error", "BaseException"),
        LOGGED.replace(" Exception as error", ""),
        LOGGED.replace("Exception as error", "(OSError, Exception) as error"),
        "async def run():\n    while True:\n" + indent(LOGGED, " " * 8),
        LOGGED + RAISED_SOMETIMES,
        GIVEN_BACK.replace("Answer(bug=type(error).__name__)", "Answer()"),
        COUNTED_BELOW.replace(".inc()", ".set(1)"),
        LOGGED + "if odd:\n    metrics.FAULTS.inc()\n",
        "with suppress(Exception):\n    work()\n",
        GATHERED.replace("raise ExceptionGroup('lanes', found)", "log.warning('oh')"),
    ],
)
def test_an_error_that_nobody_hears_of_is_found(
    text: str, *, tmp_path: Path, plant: Plant, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(PLACE, text)
    assert swallowed_errors.main(tmp_path) == 1
    assert f"{PLACE}:" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        LOGGED + "    metrics.FAULTS.inc()\n",
        LOGGED + "metrics.FAULTS.inc()\n",
        LOGGED + "    raise\n",
        LOGGED + "    raise Unavailable from error\n",
        GIVEN_BACK,
        COUNTED_BELOW,
        LOGGED.replace("Exception", "OSError"),
        "with suppress(FileNotFoundError):\n    work()\n",
        GATHERED,
    ],
)
def test_an_error_that_is_raised_counted_or_given_back_is_none(
    text: str, *, tmp_path: Path, plant: Plant
) -> None:
    plant(PLACE, text)
    assert swallowed_errors.main(tmp_path) == 0


@pytest.mark.parametrize(
    "place", ["services/intake/tests/a.py", "chassis/src/chassis/testing/a.py"]
)
def test_tests_may_go_on(place: str, *, tmp_path: Path, plant: Plant) -> None:
    plant(place, LOGGED)
    assert swallowed_errors.main(tmp_path) == 0
