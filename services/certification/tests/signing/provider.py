"""The trust simulator, as its operator and as whoever enrols with it sees it."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from simulators.running import RunningSimulator

AGENCY = "Sở Tư pháp tỉnh Hưng Yên"
PASSPHRASE = "gà đẻ trứng"


@dataclass
class Provider:
    url: str
    http: httpx2.Client
    _before: int = 0

    @classmethod
    @contextmanager
    def running(cls, folder: Path) -> Generator["Provider"]:
        simulator = RunningSimulator("trust", "--state-folder", str(folder))
        with simulator, httpx2.Client(base_url=simulator.url) as http:
            yield cls(simulator.url, http)

    @property
    def tsa_url(self) -> str:
        return f"{self.url}/tsa"

    @property
    def roots(self) -> bytes:
        return self.http.get("/trust-roots.pem").raise_for_status().content

    def enrol(
        self, folder: Path, label: str, name: str, *, kind: str = "person", **wishes: object
    ) -> None:
        """Put `<label>.p12` into `folder`."""
        wish = {"label": label, "kind": kind, "name": name, "organisation": AGENCY}
        answer = self.http.post("/_identities", json=wish | wishes | {"passphrase": PASSPHRASE})
        (folder / f"{label}.p12").write_bytes(answer.raise_for_status().content)

    def revoke(self, label: str) -> None:
        self.http.post(f"/_identities/{label}/revoke").raise_for_status()

    def misbehave(self, *faults: dict[str, object]) -> None:
        self._before = self.made("fault")
        self.http.put("/_faults", json=faults).raise_for_status()

    def struck(self) -> int:
        """How often, since it was told to."""
        return self.made("fault") - self._before

    def behave(self) -> None:
        self.http.delete("/_faults").raise_for_status()

    def made(self, kind: str) -> int:
        """How many entries of a kind the ledger has."""
        return len(self.http.get("/_ledger", params={"kind": kind}).raise_for_status().json())


def run(*command: str | Path) -> str:
    """What a program says, on both of its channels; raises when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


OTHERS: set[int] = set()
"""Processes that were there before the test: of a whole stack that another test started."""


def children(module: str = "signing_worker") -> list[psutil.Process]:
    below = psutil.Process().children(recursive=True)
    return [one for one in below if one.pid not in OTHERS and runs(one, module)]


def runs(process: psutil.Process, module: str) -> bool:
    try:
        return f"certification.{module}" in process.cmdline()
    except psutil.NoSuchProcess:
        return False
