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
from chassis.testing.failpoints import declared, passed_by_several


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


async def test_a_point_is_armed_for_one_of_those_that_pass_there_or_for_all():
    arm({ENVIRONMENT: "commit/intake.payments=raise"})
    await failpoint("commit", "intake.decisions")
    with pytest.raises(FailpointError, match=r"commit/intake\.payments"):
        await failpoint("commit", "intake.payments")
    arm({ENVIRONMENT: "commit=raise"})
    with pytest.raises(FailpointError, match=r"commit/intake\.decisions"):
        await failpoint("commit", "intake.decisions")


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
    assert ended.stderr == b"failpoint a: crash\n"


@pytest.mark.parametrize(
    "malformed",
    ["a", "a=explode", "a=delay", "a=crash@0", "a=delay:x", "=raise", "a/=raise", "a/b/c=raise"],
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


def test_it_is_known_which_points_say_who_passes(tmp_path: Path):
    source = "async def f():\n    await failpoint('a', self.name)\n    failpoint_sync('b')\n"
    package = package_with(tmp_path, source)
    assert declared(package) == {"a", "b"}
    assert passed_by_several(package) == {"a"}


@pytest.mark.parametrize("source", ["failpoint_sync(name)", "failpoint('a'); failpoint('a')"])
def test_a_point_that_is_not_one_named_place_is_refused(tmp_path: Path, source: str):
    with pytest.raises(ValueError, match=r"__init__\.py:1"):
        declared(package_with(tmp_path, source))


def test_the_points_of_the_chassis_are_all_in_order():
    declared(chassis)
