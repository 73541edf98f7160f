"""The stack, with stand-ins for the programs beside the engines."""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest

from motcua_local.errors import LocalError
from motcua_local.processes import Command
from motcua_local.programs import KINDS, Program, programs, ready_url
from motcua_local.stack import Stack
from motcua_local.status import State, read_status
from motcua_local.surroundings import Surroundings, endpoints, service_environment

ROUTES = ("_health", "readyz")


class StandIns:
    """Web servers that answer `/_health`, under the names of the simulators."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broken = ""
        for route in ROUTES:
            (folder / route).touch()

    def __call__(self, around: Surroundings) -> Mapping[str, Program]:
        return {name: self._program(name, around) for name in ("identity", "vnpay", "mail")}

    def _program(self, name: str, around: Surroundings) -> Program:
        port = around.ports[name]
        server = ("-m", "http.server", "--bind", "127.0.0.1", str(port))
        argv = ("-c", "raise SystemExit('no')") if name == self.broken else server
        command = Command((sys.executable, *argv), cwd=self.folder)
        return Program(name, KINDS[name], command, ready_url=ready_url(name, port))


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    (tmp_path / "www").mkdir()
    return StandIns(tmp_path / "www")


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def stack(tmp_path: Path, stand_ins: StandIns, told: list[str]) -> Iterator[Stack]:
    def tell(name: str, what: str) -> None:
        told.append(f"{name} {what.split(maxsplit=1)[0]}")

    stack = Stack(tmp_path / "state", tell=tell, catalogue=stand_ins)
    yield stack
    stack.down()


SIMULATORS = ("identity", "vnpay", "mail")


def test_up_starts_what_does_not_run_and_leaves_the_rest(stack: Stack, told: list[str]) -> None:
    stack.up(SIMULATORS)
    before = _pids(stack)
    stack.kill("mail")
    told.clear()

    stack.up(SIMULATORS)
    assert told == ["mail ready"]
    assert _pids(stack) | {"mail": 0} == before | {"mail": 0}


def test_a_program_whose_address_changed_is_started_anew(
    stack: Stack, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.up(SIMULATORS)
    other = stack.engines.ports.claim("spare")
    monkeypatch.setenv("MOTCUA_VNPAY_PORT", str(other))
    told.clear()

    stack.up(SIMULATORS)
    assert told == ["vnpay moves", "vnpay stopped,", "vnpay ready"]
    assert httpx2.get(f"http://127.0.0.1:{other}/_health").is_success


def test_down_stops_and_up_comes_back_on_the_same_ports(stack: Stack) -> None:
    stack.up(SIMULATORS)
    ports = stack.engines.ports.remembered()
    stack.down(["mail", "identity"])
    assert _states(stack)["mail"] is State.STOPPED
    assert _states(stack)["vnpay"] is State.READY
    stack.up(SIMULATORS)
    assert stack.engines.ports.remembered() == ports


def test_a_program_that_fails_does_not_keep_the_others_from_starting(
    stack: Stack, stand_ins: StandIns
) -> None:
    stand_ins.broken = "mail"
    with pytest.raises(LocalError, match="mail ended while starting"):
        stack.up(SIMULATORS)
    assert _states(stack)["vnpay"] is State.READY
    assert _states(stack)["mail"] is State.CRASHED


def test_a_name_that_nobody_has_is_refused_with_those_that_exist(stack: Stack) -> None:
    with pytest.raises(LocalError, match=r"no program named intaek(.|\n)*intake"):
        stack.up(["intaek"])


def test_the_status_of_nothing_is_all_stopped_and_claims_nothing(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "nothing")
    status = read_status(stack)
    assert {program.state for program in status.programs} == {State.STOPPED}
    assert status.lag is None
    assert not (tmp_path / "nothing").exists()


def test_endpoints_have_the_published_shape_and_are_private(stack: Stack) -> None:
    stack.up(["mail"])
    assert stack.endpoints_file.stat().st_mode & 0o777 == 0o600
    published = json.loads(stack.endpoints_file.read_text())
    assert published == endpoints(stack.surroundings(), tuple(stack.plan.principals))
    parties = {"identity", "mail", "trust", "gateways"}
    assert published.keys() == {"kafka", "postgres", "services", *parties}
    assert published["kafka"]["principals"]["agency-H42.10"].keys() == {"username", "password"}
    assert published["services"]["intake"].keys() == {"url", "metrics"}


def test_programs_that_share_a_key_or_an_address_are_told_the_same(stack: Stack) -> None:
    around = stack.surroundings()
    intake, notification, payment = (
        service_environment(name, around) for name in ("intake", "notification", "payment")
    )
    assert intake["INTAKE_RECIPIENTS_KEYS"] == notification["NOTIFICATION_RECIPIENTS_KEYS"]
    assert intake["INTAKE_ENCRYPTION_KEYS"] != notification["NOTIFICATION_ENCRYPTION_KEYS"]
    known = programs(around)
    secret = known["vnpay"].command.environment["SIMULATORS_VNPAY_HASH_SECRET"]
    assert payment["PAYMENT_VNPAY_HASH_SECRET"] == secret
    assert not any(secret in part for part in known["vnpay"].command.argv)
    agency = known["agency-H42.10"].command.environment
    assert agency["INTAKE_URL"] == f"http://127.0.0.1:{intake['INTAKE_HTTP_PORT']}"
    assert agency["KAFKA_USERNAME"] == "agency-H42.10"
    trust = known["trust"].command.argv
    assert str(around.trust_folder) in trust
    certification = service_environment("certification", around)
    assert certification["CERTIFICATION_TSA_URL"] == f"{around.url('trust')}/tsa"


def _pids(stack: Stack) -> dict[str, int | None]:
    return {program.name: program.pid for program in read_status(stack).programs}


def _states(stack: Stack) -> dict[str, State]:
    return {program.name: program.state for program in read_status(stack).programs}
