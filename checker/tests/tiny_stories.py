"""What happens in the tiny run: five dossiers, a forgery, a planted record, a message of unknown
outcome.
"""

import hashlib
import json
from base64 import b64encode
from typing import Any

from checker.contract import AGENCY_TOPIC

from .tiny_run import JUSTICE, OFFICE, PLANNING, Files, Row, World, resealed

FEE = 200_000
RECORD, COMPANY, COPY = "2.000488", "2.001583", "2.000815"
PLANTED = "bad-data-1"


def sound_run() -> Files:
    """A run in which every promise was kept."""
    world = World()
    _paid_and_returned(world)
    _supplemented(world)
    _copied(world)
    _withdrawn(world, paid=True)
    _withdrawn(world, paid=False)
    _outsiders(world)
    world.files["run.json"] = [world.about]
    files = resealed(world.files)
    _plant(world, files)
    return files


class Dossier:
    """A dossier's row, and the facts that make it."""

    def __init__(self, world: World, procedure: str, agency: str) -> None:
        self.world, self.id, self.status = world, world.id(), 1
        self.about = {
            "code": f"{agency}-{self.id[:8]}",
            "procedureCode": procedure,
            "agency": agency,
        }
        content = f"card for {self.id}".encode()
        self.file_id = world.id()
        sha256 = world.keep("intake", content)
        asked: Row = {"sha256": sha256, "size": len(content), "papersKind": "identity-card"}
        world.command("upload", {"fileId": self.file_id}, **asked)
        file = {"id": self.file_id, "agency": None, "sha256": sha256, "size": len(content)}
        world.table("intake", "files").append(file)
        self.paper = {"paperId": world.id(), "kind": "identity-card", "sha256": sha256}
        self._paper(self.paper["paperId"], self.file_id, sha256)
        self.row: Row = {
            "id": self.id,
            "status": 1,
            "code": self.about["code"],
            "procedure_code": procedure,
            "competent_agency": agency,
            "applicant_id": "citizen-1",
            "registered_at": world.now(),
            "papers_wanted": [],
        }
        empty = ("received_at", "due_at", "first_due_at", "outcome", "completed_at", "ended_at")
        self.row |= dict.fromkeys(empty)
        world.table("intake", "dossiers").append(self.row)
        self._file()

    def _file(self) -> None:
        key = self.world.id()
        told = {"dossierId": self.id, "code": self.about["code"]}
        for _ in range(2):  # sent twice at once
            asked: Row = {"procedure": self.about["procedureCode"], "fileIds": [self.file_id]}
            self.world.command("file", told, key=key, **asked)
        self.world.command("file", outcome="fail", key=key, otherBody=True)
        self.world.answered("intake", key, told)
        contact = {"recipientId": "citizen-1", "ciphertext": f"sealed {self.id}", "keyId": "k1"}
        self.world.announce("dossier.recipients", self.id, **contact)
        known = {"dossier_id": self.id, "sequence": 1, "ciphertext": contact["ciphertext"]}
        self.world.table("notification", "recipients").append(known)
        registered = {"applicantId": "citizen-1", "registeredAt": self.row["registered_at"]}
        self.fact("dossier.registered", 1, papers=[self.paper], **registered)

    def _paper(self, paper_id: str, file_id: str | None, sha256: str) -> None:
        row = {"id": paper_id, "dossier_id": self.id, "file_id": file_id, "sha256": sha256}
        self.world.table("intake", "papers").append(row)

    def fact(self, fact: str, status: int, cause: str | None = None, **facts: Any) -> str:
        self.row["status"] = status
        about = {**self.about, "status": status}
        return self.world.announce(fact, self.id, cause, **about, **facts)

    def command(self, name: str, **asked: Any) -> None:
        self.world.command(name, key=self.world.id(), dossierId=self.id, **asked)

    def receive(self, cause: str | None = None) -> str:
        at, due = self.world.now(), "2026-12-10T10:00:00Z"
        if cause is None:
            self.command("receive")
        self.row |= {"received_at": at, "due_at": due, "first_due_at": due}
        return self.fact("dossier.received", 2, cause, receivedAt=at, dueAt=due)

    def take_up(self, cause: str) -> None:
        self.fact("dossier.processing-started", 4, cause)

    def complete(self, cause: str, paper_id: str, sha256: str, file_id: str | None) -> None:
        self._paper(paper_id, file_id, sha256)
        self.row |= {"outcome": "approved", "completed_at": self.world.now()}
        facts = {"outcome": "approved", "completedAt": self.row["completed_at"]}
        papers = [{"paperId": paper_id, "kind": "result", "sha256": sha256}]
        self.fact("dossier.completed", 9, cause, resultPapers=papers, **facts)

    def give(self, cause: str | None = None) -> None:
        if cause is None:
            self.command("return")
        self.row["ended_at"] = self.world.now()
        self.fact("dossier.returned", 10, cause, returnedAt=self.row["ended_at"])
        self.world.note("journey-ended", dossierId=self.id, journey="record", ending="returned")

    def decide(self, code: str, cause: str) -> None:
        """The agency's system uploads its result, and says so."""
        content = f"result for {self.id}".encode()
        sha256, file_id = self.world.keep("intake", content), self.world.id()
        row = {"id": file_id, "agency": code, "sha256": sha256, "size": len(content)}
        self.world.table("intake", "files").append(row)
        decided = self.world.say(code, "agency.decided", self.id, cause)
        self.complete(decided, self.world.id(), sha256, file_id)


class Debt:
    """What a dossier owes, and the order that asks for it."""

    def __init__(self, dossier: Dossier, amount: int, cause: str | None = None) -> None:
        self.world, self.dossier, self.amount = dossier.world, dossier, amount
        self.obligation, self.order_id = self.world.id(), self.world.id()
        due = {"obligationId": self.obligation, "kind": "phi", "amount": amount}
        required = dossier.fact("dossier.payment-required", 6, cause, obligations=[due])
        about = {"id": dossier.id, "ended_for": None}
        self.payer: Row = about
        self.world.table("payment", "dossiers").append(about)
        self.owed: Row = {"id": self.obligation, "dossier_id": dossier.id, "settled_by": None}
        self.world.table("payment", "obligations").append(self.owed)
        line = {"kind": "phi", "amount": amount, "obligation_id": self.obligation}
        self.order: Row = {
            "id": self.order_id,
            "dossier_id": dossier.id,
            "amount": amount,
            "state": "open",
            "lines": [line],
        }
        self.world.table("payment", "orders").append(self.order)
        self._announce("payment.requested", required, amount=amount)

    def _announce(self, fact: str, cause: str | None = None, **facts: Any) -> str:
        return self.world.announce(fact, self.dossier.id, cause, orderId=self.order_id, **facts)

    def charge(self) -> tuple[Row, Row]:
        """An attempt that the gateway charges: the attempt's row, and the transaction's."""
        world, reference = self.world, f"ref{self.world.id()[:8]}"
        attempt_id, number = world.id(), str(14_000_001 + len(world.table("payment", "attempts")))
        key = world.id()
        asked = {"key": key, "dossierId": self.dossier.id, "orderId": self.order_id}
        world.command("start-attempt", {"reference": reference}, amount=self.amount, **asked)
        world.answered("payment", key, attempt_id)
        attempt = {"id": attempt_id, "order_id": self.order_id, "reference": reference}
        attempt["state"] = "paid"
        world.table("payment", "attempts").append(attempt)
        amounts = {"amount": self.amount * 100, "amountDong": self.amount}
        charged = {"transactionNo": number, "responseCode": "00", **amounts}
        world.ledger("vnpay", "charged", txnRef=reference, **charged)
        world.command("pay", dossierId=self.dossier.id, reference=reference, amount=self.amount)
        money: Row = {
            "id": world.id(),
            "gateway": "vnpay",
            "transaction_id": number,
            "amount": self.amount,
            "order_id": self.order_id,
            "attempt_id": attempt_id,
            "suspended_for": None,
        }
        world.table("payment", "gateway_transactions").append(money)
        journal = {"reception": "accepted", "outcome": "paid", "reference": reference}
        journal |= {"id": world.id(), "transaction_id": number, "amount": self.amount}
        world.table("payment", "gateway_notifications").append(journal)
        return attempt, money

    def settle(self) -> str:
        """Paid, with its receipt, and the dossier goes on; gives back what caused that."""
        _, self.money = self.charge()
        self.order["state"], self.owed["settled_by"] = "paid", self.order_id
        succeeded = self._announce("payment.succeeded", amount=self.amount)
        receipts = self.world.table("payment", "receipts")
        document = f"Biên lai {len(receipts) + 1}"
        receipt: Row = {
            "id": self.world.id(),
            "order_id": self.order_id,
            "kind": "phi",
            "template": "01BLP0-001",
            "serial": "BI-26T",
            "number": len(receipts) + 1,
            "amount": self.amount,
            "document": document,
            "sha256": hashlib.sha256(document.encode()).hexdigest(),
        }
        receipts.append(receipt)
        series = {name: receipt[name] for name in ("template", "serial")}
        last = {**series, "last_number": len(receipts)}
        self.world.table("payment", "receipt_series")[:] = [last]
        told = {name: receipt[name] for name in ("serial", "number", "amount", "sha256")}
        self._announce("payment.receipt-issued", receiptId=receipt["id"], **told)
        self.dossier.fact("dossier.payment-settled", 1, succeeded, orderId=self.order_id)
        return succeeded

    def charge_again(self) -> None:
        """The citizen pays in a second tab: that money goes back."""
        attempt, money = self.charge()
        attempt["state"], money["suspended_for"] = "suspended", "already-paid"
        self._announce("payment.suspended", suspenseId=money["id"], amount=self.amount)
        self._refund(money, "already-paid")

    def end(self, cause: str) -> None:
        """The dossier is over: nobody can pay, and who paid gets it back."""
        self.payer["ended_for"] = "dossier-withdrawn"
        if self.order["state"] == "paid":
            self.order["state"] = "refunding"
            self._refund(self.money, "dossier-withdrawn", cause)
        else:
            self.order["state"] = "closed"

    def _refund(self, money: Row, reason: str, cause: str | None = None) -> None:
        row = {"id": self.world.id(), "money_id": money["id"], "amount": money["amount"]}
        self.world.table("payment", "refunds").append({**row, "reason": reason})
        told = {"refundId": row["id"], "amount": money["amount"], "reasonCode": reason}
        self._announce("payment.refund-requested", cause, **told)


def _paid_and_returned(world: World) -> None:
    dossier = Dossier(world, RECORD, JUSTICE)
    debt = Debt(dossier, FEE)
    debt.settle()
    debt.charge_again()
    received = dossier.receive()
    world.see(JUSTICE, received)
    dossier.take_up(world.say(JUSTICE, "agency.processing-started", dossier.id, received))
    dossier.decide(JUSTICE, received)
    dossier.give()


def _supplemented(world: World) -> None:
    dossier = Dossier(world, COMPANY, PLANNING)
    received = dossier.receive()
    world.see(PLANNING, received)
    dossier.take_up(world.say(PLANNING, "agency.processing-started", dossier.id, received))
    asked = world.say(PLANNING, "agency.supplement-requested", dossier.id, received)
    dossier.fact("dossier.supplement-requested", 5, asked, papersWanted=["charter"])
    paper_id = world.id()
    sha256 = dossier.paper["sha256"]
    dossier._paper(paper_id, dossier.file_id, sha256)
    dossier.command("supplement", fileIds=[dossier.file_id])
    due = "2026-12-11T10:00:00Z"
    dossier.row["due_at"] = due
    papers = [{"paperId": paper_id, "kind": "charter", "sha256": sha256}]
    supplemented = dossier.fact("dossier.supplemented", 4, papers=papers, dueAt=due)
    world.see(PLANNING, supplemented)
    dossier.decide(PLANNING, supplemented)
    dossier.give()


def _copied(world: World) -> None:
    dossier = Dossier(world, COPY, OFFICE)
    known = {"id": dossier.id, "state": "completed", "owes": False}
    world.table("certification", "dossiers").append(known)
    scan, clean, prepared, signed = (
        world.keep("certification", f"{what} {dossier.id}".encode())
        for what in ("scan", "clean", "prepared", "signed")
    )
    copy_id, key = world.id(), world.id()
    asked = {"key": key, "dossierId": dossier.id, "sha256": scan}
    world.command("request-copy", {"copyId": copy_id}, **asked)
    world.answered("certification", key, {"copyId": copy_id})
    requested = world.announce("certification.copy-requested", dossier.id, copyId=copy_id)
    succeeded = Debt(dossier, 5_000, requested).settle()
    dossier.receive(succeeded)
    dossier.command("approve-copy", copyId=copy_id)
    place = {"book": "SCT-BS", "year": 2026, "number": 1}
    copy = {"id": copy_id, "dossier_id": dossier.id, "state": "certified", "fee": 5_000, **place}
    copy |= {"scan_sha256": scan, "clean_sha256": clean, "prepared_sha256": prepared}
    copy |= {"sha256": signed, "level": "B-LTA", "certified_at": world.now(), "replaces": None}
    copy |= {"scan_parts": [{"sha256": scan}], "waits_for": None}
    world.table("certification", "copies").append(copy)
    entry = {"copy_id": copy_id, "state": "used", **place}
    world.table("certification", "register_entries").append(entry)
    world.table("certification", "register_books").append({**place, "last": 1})
    for fingerprint in ("person", "seal"):
        world.table("certification", "signing_certificates").append({"fingerprint": fingerprint})
    _sign(world, copy_id, signed)
    told: Row = {"copyId": copy_id, "book": "SCT-BS", "year": 2026, "registerNumber": 1}
    certified = world.announce("certification.copy-certified", dossier.id, sha256=signed, **told)
    heard = {"copy_id": copy_id, "state": "valid", "sha256": signed}
    world.table("intake", "certified_copies").append(heard)
    dossier.take_up(certified)
    dossier.complete(certified, copy_id, signed, None)
    dossier.give(certified)


def _sign(world: World, copy_id: str, sha256: str) -> None:
    """The first try is hindered after one stamp, the second succeeds with three."""
    used = {"person_certificate": "person", "seal_certificate": "seal", "copy_id": copy_id}
    hindered = {"id": world.id(), "state": "hindered", "sha256": None, **used}
    finished = {"id": world.id(), "state": "finished", "sha256": sha256, **used}
    world.table("certification", "signing_attempts").extend((hindered, finished))
    for imprint in (hashlib.sha256(b"").hexdigest(), "01", "02", "03", "04"):
        world.ledger("trust", "stamped", imprint=imprint)


def _withdrawn(world: World, *, paid: bool) -> None:
    dossier = Dossier(world, RECORD, JUSTICE)
    debt = Debt(dossier, FEE)
    if paid:
        debt.settle()
    dossier.command("withdraw")
    dossier.row["ended_at"] = world.now()
    withdrawn = dossier.fact("dossier.withdrawn", 7, withdrawnAt=dossier.row["ended_at"])
    debt.end(withdrawn)
    world.note("journey-ended", dossierId=dossier.id, journey="record", ending="withdrawn")


def _outsiders(world: World) -> None:
    """A forgery, a command without an outcome, a message that nobody knows whether it arrived, and
    one that waited for a while before it was handled.
    """
    asked = {"reference": "ref", "how": "bad-signature"}
    world.command("forged-ipn", {"rspCode": "97"}, **asked)
    world.note("audited", service="intake", altered=False, intact=True)
    world.note("audited", service="intake", altered=True, intact=False)
    world.command("file", outcome="unknown", key=world.id(), procedure=RECORD, fileIds=[])
    world.command("withdraw", outcome="fail", key=world.id(), dossierId=world.id())
    message = world.table("notification", "messages")[0]
    message["state"], message["reason"] = "outcome-unknown", "answer-lost"
    told = {"messageId": message["id"], "factEventId": message["fact_event_id"]}
    first = world.table("notification", "event_log")[0]
    first["headers"]["ce_type"] = "vn.motcua.notification.outcome-unknown.v1"
    first["value"] = "\\x" + json.dumps({"dossierId": first["subject"], **told}).encode().hex()
    mails = world.files["ledgers/mail.jsonl"]
    del mails[0]  # it was lost
    row = world.table("intake", "inbox")[-1]
    held = held_row(row["consumer"], row["source"], row["event_id"])
    state = {"state": "handled", "settled_at": row["received_at"], "held_at": row["received_at"]}
    world.table("intake", "held_messages").append({**held, **state})


def held_row(consumer: str, source: str | None, event_id: str | None) -> Row:
    """A row of `held_messages`."""
    return {
        "id": 1,
        "consumer": consumer,
        "topic": AGENCY_TOPIC.format(code=JUSTICE),
        "partition": 0,
        "record_offset": 0,
        "record_headers": [],
        "ordering_key": None,
        "event_source": source,
        "event_id": event_id,
        "event_type": None,
        "state": "parked",
        "reason": "bad-data",
        "held_at": "2026-11-25T10:30:00+00:00",
        "settled_at": None,
    }


def _plant(world: World, files: Files) -> None:
    """A record on an agency's topic whose facts are wrong."""
    topic = AGENCY_TOPIC.format(code=JUSTICE)
    lines = files[f"topics/1/operator/{topic}.jsonl"]
    key, event_id = world.id(), world.id()
    headers = {"x-planted": PLANTED, "ce_id": event_id, "ce_source": f"/agencies/{JUSTICE}"}
    headers |= {"ce_type": "vn.motcua.agency.decided.v1", "ce_subject": key, "ce_sequence": "1"}
    encoded = [[name, b64encode(text.encode()).decode()] for name, text in headers.items()]
    line = {"topic": topic, "partition": 0, "offset": len(lines), "timestamp": 0}
    line |= {"key": b64encode(key.encode()).decode(), "headers": encoded, "value": "e30="}
    lines.append(line)
    row = held_row("intake.decisions", None, None) | {"id": 2, "ordering_key": key}
    files["databases/intake/held_messages.jsonl"].append({**row, "record_headers": encoded})
    note = {"kind": "note", "note": "poison", "plantedId": PLANTED, "topic": topic}
    files["history.jsonl"].append({"at": world.now(), **note, "expects": "bad-data"})
