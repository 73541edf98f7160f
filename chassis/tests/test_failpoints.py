import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import chassis
from chassis.failpoints import ENVIRONMENT, FailpointError, arm, failpoint, failpoint_sync
from chassis.testing.failpoints import declared


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm({})


async def test_nothing_happens_unless_armed():
    arm({})
    await failpoint("relay.before-ack")
    arm({ENVIRONMENT: "relay.after-ack=raise"})
    await failpoint("relay.before-ack")


async def test_an_armed_point_raises_every_time():
    arm({ENVIRONMENT: "relay.before-ack=raise"})
    for _ in range(2):
        with pytest.raises(FailpointError, match=r"relay\.before-ack"):
            await failpoint("relay.before-ack")


def test_only_the_nth_passage_counts_when_told_so():
    arm({ENVIRONMENT: "sign=raise@3"})
    failpoint_sync("sign")
    failpoint_sync("sign")
    with pytest.raises(FailpointError):
        failpoint_sync("sign")
    failpoint_sync("sign")


async def test_a_delay_waits():
    arm({ENVIRONMENT: "a=delay:0.05, b=delay:0.05"})
    start = time.monotonic()
    await failpoint("a")
    failpoint_sync("b")
    assert time.monotonic() - start >= 0.1


def test_a_crash_is_a_sigkill_from_within():
    code = "from chassis.failpoints import failpoint_sync as f; f('a'); f('a'); print('survived')"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={ENVIRONMENT: "a=crash@2"},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout == b""


@pytest.mark.parametrize(
    "malformed", ["a", "a=explode", "a=delay", "a=crash@0", "a=delay:x", "=raise"]
)
def test_a_malformed_order_is_refused(malformed: str):
    with pytest.raises(ValueError, match=ENVIRONMENT):
        arm({ENVIRONMENT: malformed})


def package_with(folder: Path, source: str) -> ModuleType:
    (folder / "__init__.py").write_text(source)
    package = ModuleType("made_up")
    package.__path__ = [str(folder)]
    return package


def test_all_points_are_listed_from_the_source(tmp_path: Path):
    source = "async def f():\n    await failpoint('a.before')\n    failpoint_sync('a.after')\n"
    assert declared(package_with(tmp_path, source)) == {"a.before", "a.after"}


@pytest.mark.parametrize("source", ["failpoint_sync(name)", "failpoint('a'); failpoint('a')"])
def test_a_point_that_is_not_one_named_place_is_refused(tmp_path: Path, source: str):
    with pytest.raises(ValueError, match=r"__init__\.py:1"):
        declared(package_with(tmp_path, source))


def test_the_points_of_the_chassis_are_all_in_order():
    declared(chassis)
