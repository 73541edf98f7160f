"""A real SMTP server in a process of its own, that can be told to misbehave."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import httpx2


@dataclass(frozen=True)
class MailSink:
    """The mail simulator, seen from outside."""

    process: subprocess.Popen[str]
    url: str
    smtp_port: int

    @classmethod
    def start(cls) -> "MailSink":
        command = [sys.executable, "-m", "simulators", "mail"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = json.loads(process.stdout.readline() if process.stdout else "")
        return cls(process, ready["url"], ready["smtpPort"])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=10)

    def mails(self) -> list[dict[str, Any]]:
        return httpx2.get(f"{self.url}/messages").raise_for_status().json()

    def misbehave(self, kind: str, **details: float | str) -> None:
        faults = [{"kind": kind, **details}]
        httpx2.put(f"{self.url}/_faults", json=faults).raise_for_status()

    def reset(self) -> None:
        httpx2.delete(f"{self.url}/_faults").raise_for_status()
        httpx2.delete(f"{self.url}/messages").raise_for_status()
