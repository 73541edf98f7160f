"""Everything that runs on this machine for motcua, started, stopped and looked at as one."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path

from motcua_local import databases
from motcua_local.checkout import TOPICS_FILE
from motcua_local.concurrency import together
from motcua_local.engines import Engines
from motcua_local.errors import LocalError
from motcua_local.folders import locked, make_folder, write_secret
from motcua_local.kafka import Listeners
from motcua_local.kafka_topics import Plan, read_plan
from motcua_local.processes import DetachedProcess, run_to_end
from motcua_local.programs import ENGINES, KINDS, PORTS, Kind, Program, programs
from motcua_local.surroundings import SERVICES, Surroundings, endpoints

Tell = Callable[[str, str], None]
"""Called with a program's name and what became of it."""

Catalogue = Callable[[Surroundings], Mapping[str, Program]]

_READY_WITHIN = 60.0
_STOP_ORDER = ((Kind.AGENCY, Kind.SERVICE), (Kind.SIMULATOR,), (Kind.ENGINE,))


class Stack:
    """The programs of one state folder. `tell` hears of every program that starts or stops.

    `brokers` and `listeners` are those of its `Engines`. All brokers together are the program
    `kafka`: it is up and down as a whole, and a kill of it is the kill of one broker, the first
    that runs. Another one, or two, are for `engines.kafka.kill_broker`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        tell: Tell = lambda _name, _what: None,
        catalogue: Catalogue = programs,
        brokers: int = 1,
        listeners: Listeners | None = None,
    ) -> None:
        self.folder = folder
        self._catalogue = catalogue
        self.engines = Engines(folder, brokers=brokers, listeners=listeners)
        self._tell = tell

    @cached_property
    def plan(self) -> Plan:
        return read_plan(TOPICS_FILE)

    @property
    def endpoints_file(self) -> Path:
        """Where other programs find addresses and credentials."""
        return self.folder / "endpoints.json"

    @property
    def keepsakes(self) -> Path:
        """What the demo leaves behind."""
        return self.folder / "demo"

    def process(self, name: str) -> DetachedProcess:
        return DetachedProcess(name, self.folder)

    def processes(self, names: Sequence[str] = ()) -> list[DetachedProcess]:
        """The processes of the named programs, or of all."""
        return [one for name in _checked(names) or KINDS for one in self._processes_of(name)]

    def _processes_of(self, name: str) -> list[DetachedProcess]:
        if name == "kafka":
            return [broker.process for broker in self.engines.kafka.brokers]
        return [self.process(name)]

    def surroundings(self) -> Surroundings:
        """Addresses to start with: ports are claimed for what does not run."""
        ports = {
            port: self.engines.ports.claim(port, held=self._runs(name))
            for name, claimed in PORTS.items()
            for port in claimed
            if name != "kafka"
        }
        return self._with_ports(ports | self.engines.kafka.claim_ports())

    def last_surroundings(self) -> Surroundings:
        """Addresses as they were last time; nothing is claimed, and some may be missing."""
        return self._with_ports(self.engines.ports.remembered())

    def _with_ports(self, ports: Mapping[str, int]) -> Surroundings:
        brokers = self.engines.kafka.shape.brokers
        return Surroundings(self.folder, ports, self.engines.credentials, brokers)

    def up(self, names: Sequence[str] = ()) -> None:
        """Start what does not run, or what would be started differently now; the rest is left.

        Without names everything; a named service's or agency's engines are started with it.
        """
        wanted = _checked(names) or tuple(KINDS)
        make_folder(self.folder)
        with locked(self.folder / ".stack.lock"):
            before = self.last_surroundings().ports
            around = self.surroundings()
            self._tell_moves(before, around.ports)
            known = self._catalogue(around)
            chosen = [known[name] for name in wanted if name in known]
            simulators = [program for program in chosen if program.kind is Kind.SIMULATOR]
            engines = partial(self._start_engines, _engines_for(wanted), around)
            together([engines, *(partial(self._start, program) for program in simulators)])
            self._write_endpoints(around)
            rest = [program for program in chosen if program.kind is not Kind.SIMULATOR]
            together([partial(self._start, program) for program in rest])

    def down(self, names: Sequence[str] = ()) -> tuple[str, ...]:
        """Stop programs, those that depend on others first. Data stays. Gives those that ran."""
        wanted = _checked(names) or tuple(KINDS)
        make_folder(self.folder)
        with locked(self.folder / ".stack.lock"):
            ran = tuple(name for name in wanted if self._runs(name))
            for kinds in _STOP_ORDER:
                together([partial(self._stop, name) for name in wanted if KINDS[name] in kinds])
        return ran

    def kill(self, name: str) -> None:
        """SIGKILL one program, as a crash would."""
        _checked([name])
        living = (one for one in self._processes_of(name) if one.running() is not None)
        pid = next((one.kill() for one in living), None)
        self._tell(name, f"killed (pid {pid})" if pid else "was not running")

    def program(self, name: str) -> Program:
        """A program with its last addresses; nothing is claimed."""
        return self._catalogue(self.last_surroundings())[name]

    def _tell_moves(self, before: Mapping[str, int], now: Mapping[str, int]) -> None:
        for name, port in now.items():
            if before.get(name, port) != port:
                self._tell(name, f"moves from port {before[name]} to {port}")

    def _start_engines(self, names: Sequence[str], around: Surroundings) -> None:
        started = time.monotonic()
        stopped = [
            name for name in names if any(one.running() is None for one in self.processes([name]))
        ]
        self.engines.start(names)
        for name in stopped:
            self._tell(name, f"ready after {time.monotonic() - started:.1f} s")
        if "kafka" in names and (changes := self.engines.apply_topics(self.plan)):
            self._tell("kafka", f"{len(changes)} topics, users and ACLs set to the plan")
        if elsewhere := self.engines.postgres.elsewhere:
            self._tell("postgres", f"{self.folder} is closed to its user; its data is {elsewhere}")
        if "postgres" in names:
            together([partial(self._create_database, service, around) for service in SERVICES])

    def _create_database(self, service: str, around: Surroundings) -> None:
        password = around.database_password(service)
        self.engines.create_database(service, role=service, password=password)

    def _start(self, program: Program) -> None:
        process = self.process(program.name)
        if process.running() is not None:
            if process.fingerprint() == program.command.fingerprint:
                return
            process.stop()
            self._tell(program.name, "stopped, to be started with its new settings")
        started = time.monotonic()
        self._migrate(program)
        if program.provide:
            program.provide()
        process.start(program.command)
        process.wait_until(program.ready, within=_READY_WITHIN)
        self._tell(program.name, f"ready after {time.monotonic() - started:.1f} s")

    def _migrate(self, program: Program) -> None:
        """Bring the program's database to its code's revision, if that was not done before.

        Only to ask costs seconds of imports per service, so the database is marked with what was
        applied to it.
        """
        if program.migrate is None:
            return
        admin = self.engines.postgres.url
        if databases.read_mark(admin, program.name) != program.migrations:
            run_to_end(program.migrate, program.name, log=self.process(program.name).log)
            databases.write_mark(admin, program.name, program.migrations)

    def _stop(self, name: str) -> None:
        if not self._runs(name):
            return
        if name in ENGINES:
            self.engines.stop([name])
            self._tell(name, "stopped")
        else:
            obeyed = self.process(name).stop()
            self._tell(name, "stopped" if obeyed else "did not stop in time, killed")

    def _runs(self, name: str) -> bool:
        return any(one.running() is not None for one in self._processes_of(name))

    def _write_endpoints(self, around: Surroundings) -> None:
        content = endpoints(around, tuple(self.plan.principals))
        write_secret(self.endpoints_file, json.dumps(content, indent=2) + "\n")


def _checked(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if name not in KINDS:
            raise LocalError(
                f"there is no program named {name}", next_step=f"name one of: {', '.join(KINDS)}"
            )
    return tuple(names)


def _engines_for(wanted: Sequence[str]) -> tuple[str, ...]:
    if any(KINDS[name] in {Kind.SERVICE, Kind.AGENCY} for name in wanted):
        return ENGINES
    return tuple(name for name in wanted if name in ENGINES)
