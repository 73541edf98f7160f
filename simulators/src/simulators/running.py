"""Starting a simulator as a process of its own and waiting until it answers."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Self

from simulators.errors import SimulatorError


class RunningSimulator:
    """`with RunningSimulator("mail", "--ledger-file", path) as mail: … mail.url …`"""

    def __init__(self, name: str, *options: str, deadline: float = 30.0) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "simulators", name, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        impatience = threading.Timer(deadline, self._process.kill)
        impatience.start()
        line = self._process.stdout.readline() if self._process.stdout else ""
        impatience.cancel()
        if not line:
            _, complaint = self._process.communicate()
            raise SimulatorError(complaint.strip() or f"{name} was not ready after {deadline} s")
        self.ready: Mapping[str, str | int] = json.loads(line)

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    @property
    def port(self) -> int:
        return int(self.ready["port"])

    @property
    def smtp_port(self) -> int:
        """Of the mail sink."""
        return int(self.ready["smtpPort"])

    def kill(self) -> None:
        """SIGKILL: no goodbye, nothing flushed."""
        self._process.kill()
        self._process.communicate()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self._process.terminate()
        self._process.communicate(timeout=30)
        return self._process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.stop()
