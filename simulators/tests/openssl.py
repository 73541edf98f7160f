"""openssl as the judge: it knows the protocols and nothing of the simulator."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx2

from simulators.running import RunningSimulator

from .conftest import http

Json = dict[str, object]


@dataclass(frozen=True)
class Said:
    code: int
    text: str


def openssl(*arguments: str | Path) -> Said:
    command = ["openssl", *(str(each) for each in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return Said(done.returncode, done.stdout + done.stderr)


class Relier:
    """Somebody who trusts the roots of one simulator and asks it for everything else."""

    def __init__(self, trust: RunningSimulator, folder: Path) -> None:
        self.url = trust.url
        self.folder = folder
        self.roots = self.fetch("trust-roots.pem")

    def fetch(self, path: str) -> Path:
        answer = http.get(f"{self.url}/{path}").raise_for_status()
        return self.write(path.rpartition("/")[2], answer.content)

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def ask_for_stamp(self, *options: str) -> tuple[Path, httpx2.Response]:
        """The query over a small document, and what the TSA answers."""
        document = self.write("document", "Bản sao chứng thực".encode())
        query = self.folder / "query.tsq"
        assert openssl("ts", "-query", "-data", document, *options, "-out", query).code == 0
        return query, self.post_query(query.read_bytes())

    def post_query(self, query: bytes) -> httpx2.Response:
        headers = {"Content-Type": "application/timestamp-query"}
        return http.post(f"{self.url}/tsa", content=query, headers=headers)

    def verify_stamp(self, query: Path, reply: bytes, *options: str | Path) -> Said:
        response = self.write("reply.tsr", reply)
        files = ("-queryfile", query, "-in", response, "-CAfile", self.roots)
        return openssl("ts", "-verify", *files, *options)

    def read_reply(self, reply: bytes) -> str:
        return openssl("ts", "-reply", "-in", self.write("reply.tsr", reply), "-text").text

    def enrol(self, label: str, **changes: object) -> httpx2.Response:
        return http.post(f"{self.url}/_identities", json=application(label, **changes))

    def enrolled(self, label: str, **changes: object) -> Path:
        """The certificate of a newly enrolled person, PEM."""
        self.enrol(label, **changes).raise_for_status()
        [found] = [each for each in self.identities() if each["label"] == label]
        return self.write(f"{label}.pem", str(found["certificate"]).encode())

    def identities(self) -> list[Json]:
        found: list[Json] = http.get(f"{self.url}/_identities").json()
        return found

    def revoke(self, label: str, reason: str) -> Json:
        url = f"{self.url}/_identities/{label}/revoke"
        revoked: Json = http.post(url, json={"reason": reason}).raise_for_status().json()
        return revoked

    def ask_status(self, *options: str | Path, issuer: str = "issuing") -> Said:
        certificate = self.fetch(f"certificates/{issuer}.pem")
        return openssl(
            *("ocsp", "-url", f"{self.url}/ocsp", "-issuer", certificate),
            *("-CAfile", self.roots, *options),
        )

    def verify(self, certificate: Path, *options: str | Path) -> Said:
        """Under the root, with the CRL of the issuing authority."""
        crl = self.fetch("crl/issuing.crl")
        text = self.folder / "issuing-crl.pem"
        assert openssl("crl", "-inform", "DER", "-in", crl, "-out", text).code == 0
        issuing = self.fetch("certificates/issuing.pem")
        above = ("-CAfile", self.roots, "-untrusted", issuing)
        return openssl("verify", "-crl_check", "-CRLfile", text, *above, *options, certificate)

    def misbehave(self, *faults: Json) -> None:
        http.put(f"{self.url}/_faults", json=list(faults)).raise_for_status()

    def ledger(self, kind: str) -> list[Json]:
        entries: list[Json] = http.get(f"{self.url}/_ledger", params={"kind": kind}).json()
        return entries


def application(label: str, **changes: object) -> Json:
    return {
        "label": label,
        "kind": "person",
        "name": "Hoàng Văn Minh",
        "title": "Phó Chủ tịch",
        "organisation": "Ủy ban nhân dân phường Nam Hoa Lư",
        "passphrase": PASSPHRASE,
        **changes,
    }


PASSPHRASE = "một câu dài"
