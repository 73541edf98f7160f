"""I6: what the tables say is what the events add up to, and the log of events is unaltered."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from checker.contract import (
    CERTIFIED_COPIES,
    DOSSIERS,
    ENDINGS,
    RESUMING,
    SERVICES,
    SILENT_OF_STATUS,
    STATUS_AFTER,
    TRANSITIONS,
)
from checker.reading import Row, same_instant
from checker.records import Event, bytes_of_hex, jsonb_text
from checker.run import Run
from checker.verdicts import Looks, Rule

GENESIS = bytes(32)


def logs_are_sealed(run: Run) -> Looks:
    """Each row of each event log has the hash of itself over all rows before it, and the rows count
    1…n.
    """
    for service in SERVICES:
        previous = GENESIS
        for position, row in enumerate(run.databases[service].lines("event_log"), 1):
            sealed = bytes_of_hex(row["hash"])
            right = row["position"] == position and sealed == _seal(previous, row)
            yield None if right else f"event log of {service}: row {row['position']} is broken"
            previous = sealed


def _seal(previous: bytes, row: Row) -> bytes:
    """SHA-256 of the hash before, then position, id, topic, subject, sequence, headers and value,
    with NUL between them.
    """
    parts = [str(row["position"]), row["event_id"], row["topic"], row["subject"]]
    parts += [str(row["sequence"]), jsonb_text(row["headers"])]
    return hashlib.sha256(
        previous + "\0".join(parts).encode() + b"\0" + bytes_of_hex(row["value"])
    ).digest()


def audits_told_the_truth(run: Run) -> Looks:
    """Each audit of an event log called it intact if nobody had altered it, and only then."""
    for note in run.history.notes("audited"):
        was, said = ("altered" if note["altered"] else "intact"), note["intact"]
        name = f"the audit of {note['service']} called a log that was {was}"
        right = said != note["altered"]
        yield None if right else f"{name} {'intact' if said else 'altered'}"


def log_rows_are_their_events(run: Run) -> Looks:
    """The columns of a log row say what the headers of its event say."""
    for service in SERVICES:
        for row in run.databases[service].lines("event_log"):
            headers = row["headers"]
            said = (headers["ce_id"], headers["ce_subject"], headers["ce_sequence"])
            columns = (row["event_id"], row["subject"], str(row["sequence"]))
            yield None if said == columns else f"event log of {service}: row {row['position']}"


def streams_count_their_events(run: Run) -> Looks:
    """The version of each stream is the number of its events, which count 1…n."""
    for service in SERVICES:
        database = run.databases[service]
        numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
        for event in database.announced:
            numbers[event.topic, event.subject].append(event.sequence)
        versions = {
            (row["topic"], row["subject"]): row["version"] for row in database.table("streams")
        }
        for stream in numbers.keys() | versions.keys():
            found, version = sorted(numbers.get(stream, [])), versions.get(stream, 0)
            right = found == list(range(1, version + 1))
            name = f"{service}: stream {stream[0]} of {stream[1]}"
            yield None if right else f"{name} has version {version} and {len(found)} events"


@dataclass
class Folded:
    """A dossier as its events tell it."""

    status: int = 0
    wrong: list[str] = field(default_factory=list[str])
    row: Row = field(default_factory=dict[str, object])
    papers: dict[str, str] = field(default_factory=dict[str, str])
    resumes: int = 1

    def take(self, event: Event) -> None:
        facts = event.facts
        after = self._status_after(event, facts)
        if facts["status"] != after:
            self.wrong.append(f"{event} says status {facts['status']} where {after} follows")
        if after != self.status and self.status and after not in TRANSITIONS[self.status]:
            self.wrong.append(f"{event}: no way from status {self.status} to {after}")
        self.status = after
        self._keep(event.fact, facts)

    def _status_after(self, event: Event, facts: Row) -> int:
        if event.fact in SILENT_OF_STATUS:
            return self.status
        if event.fact in RESUMING:
            if self.status != RESUMING[event.fact]:
                self.wrong.append(f"{event}: nothing was awaited in status {self.status}")
            return self.resumes
        if event.fact in {"dossier.supplement-requested", "dossier.payment-required"}:
            self.resumes = 4 if self.row.get("received_at") else 1
        return STATUS_AFTER.get(event.fact, facts["status"])

    def _keep(self, fact: str, facts: Row) -> None:
        for column, name in _COLUMNS.get(fact, {}).items():
            self.row[column] = facts.get(name)
        if fact == "dossier.supplement-requested":
            self.row["papers_wanted"] = facts["papersWanted"]
        elif fact == "dossier.supplemented" or fact in ENDINGS:
            self.row["papers_wanted"] = []
        for paper in [*facts.get("papers", ()), *facts.get("resultPapers", ())]:
            self.papers[paper["paperId"]] = paper["sha256"]


_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "dossier.registered": {
        "code": "code",
        "procedure_code": "procedureCode",
        "competent_agency": "agency",
        "applicant_id": "applicantId",
        "registered_at": "registeredAt",
    },
    "dossier.received": {"received_at": "receivedAt", "due_at": "dueAt", "first_due_at": "dueAt"},
    "dossier.supplemented": {"due_at": "dueAt"},
    "dossier.completed": {"outcome": "outcome", "completed_at": "completedAt"},
    "dossier.refused": {"ended_at": "refusedAt"},
    "dossier.withdrawn": {"ended_at": "withdrawnAt"},
    "dossier.stopped": {"ended_at": "stoppedAt"},
    "dossier.returned": {"ended_at": "returnedAt"},
}
"""Columns of a dossier and the fields of its facts that they are taken from."""


def _dossiers(run: Run) -> Iterator[tuple[str, Folded]]:
    events: dict[str, list[Event]] = defaultdict(list)
    for event in run.intake.announced:
        if event.topic == DOSSIERS:
            events[event.subject].append(event)
    for subject, found in events.items():
        folded = Folded()
        for event in sorted(found, key=_sequence):
            folded.take(event)
        yield subject, folded


def _sequence(event: Event) -> int:
    return event.sequence


def dossiers_go_as_the_list_allows(run: Run) -> Looks:
    """Each event of a dossier leaves it in the status that follows, by the national list."""
    for _, folded in _dossiers(run):
        yield folded.wrong[0] if folded.wrong else None


def dossiers_are_the_fold(run: Run) -> Looks:
    """Each dossier's row is what its events add up to: status, times, outcome, agency, papers
    wanted. A row without events is none of theirs.
    """
    folded = dict(_dossiers(run))
    rows = {row["id"]: row for row in run.intake.table("dossiers")}
    for dossier_id in folded.keys() | rows.keys():
        row, fold = rows.get(dossier_id), folded.get(dossier_id)
        if row is None or fold is None:
            yield f"dossier {dossier_id} has {'no row' if fold else 'no events'}"
            continue
        differing = [name for name in fold.row if not _same(row[name], fold.row[name])]
        if row["status"] != fold.status:
            yield f"dossier {dossier_id} has status {row['status']}, its events say {fold.status}"
        else:
            named = f"dossier {dossier_id}: its events say something else of {differing}"
            yield named if differing else None


def _same(column: object, told: object) -> bool:
    if isinstance(column, str) and isinstance(told, str) and told.endswith("Z"):
        return same_instant(column, told)
    return column == told


def papers_are_the_fold(run: Run) -> Looks:
    """The papers of each dossier are those that its events name, with their digests."""
    papers = run.intake.groups("papers", "dossier_id")
    for dossier_id, folded in _dossiers(run):
        found = {row["id"]: row["sha256"] for row in papers.get(dossier_id, ())}
        right = found == folded.papers
        yield None if right else f"dossier {dossier_id}: its papers are not those of its events"


def orders_are_the_fold(run: Run) -> Looks:
    """Each order is what its events add up to: asked for once with its amount, then paid, expired,
    or given back as its state says.
    """
    told: dict[str, Counter[str]] = defaultdict(Counter)
    amounts: dict[str, int] = {}
    for event in run.payment.announced:
        facts = event.facts
        told[facts.get("orderId") or ""][event.fact] += 1
        if event.fact == "payment.requested":
            amounts[facts["orderId"]] = facts["amount"]
    known = {row["id"] for row in run.payment.table("orders")}
    for order in run.payment.table("orders"):
        facts = told.get(order["id"], Counter())
        right = (
            facts["payment.requested"] == 1
            and amounts[order["id"]] == order["amount"]
            and facts["payment.succeeded"] == (order["state"] in {"paid", "refunding"})
            and facts["payment.expired"] == (order["state"] == "expired")
        )
        yield None if right else f"order {order['id']} is {order['state']}, told was {dict(facts)}"
    for order_id in amounts.keys() - known:
        yield f"order {order_id} was announced, and is not there"


def copies_are_the_fold(run: Run) -> Looks:
    """Each copy is in the state that its newest event says."""
    newest: dict[str, str] = {}
    for event in run.certification.announced:
        newest[event.facts["copyId"]] = event.fact.removeprefix("certification.copy-")
    for copy in run.certification.table("copies"):
        state = copy["state"] if copy["state"] not in {"ready", "signing"} else "requested"
        said = newest.get(copy["id"])
        untold = copy["replaces"] is not None and said is None
        yield None if untold or state == said else f"copy {copy['id']} is {state}, told was {said}"


def messages_are_the_fold(run: Run) -> Looks:
    """Each message is in the state that its newest event says; one under way was not told."""
    newest: dict[str, str] = {}
    for event in run.notification.announced:
        newest[event.facts["messageId"]] = event.fact.removeprefix("notification.")
    for row in run.notification.table("messages"):
        said = newest.pop(row["id"], None)
        final = row["state"] in {"sent", "failed", "outcome-unknown"}
        right = said == row["state"] if final else True
        yield None if right else f"message {row['id']} is {row['state']}, told was {said}"
    for unknown in newest:
        yield f"message {unknown} was announced, and is not there"


def recognised_copies_are_the_fold(run: Run) -> Looks:
    """Intake recognises each certified copy that it heard of, as it heard last."""
    states: dict[str, tuple[str, str]] = {}
    handled = run.intake.inbox.get("intake.certified-copies", {})
    named = {"certified": "valid", "revoked": "revoked", "replaced": "replaced"}
    for event in run.certification.announced:
        state = named.get(event.fact.removeprefix("certification.copy-"))
        if state and event.key in handled:
            facts = event.facts
            states[facts["copyId"]] = (state, facts["sha256"])
    rows = {
        row["copy_id"]: (row["state"], row["sha256"])
        for row in run.intake.table("certified_copies")
    }
    for copy_id in states.keys() | rows.keys():
        right = states.get(copy_id) == rows.get(copy_id)
        yield None if right else f"intake knows copy {copy_id} as {rows.get(copy_id)}"


def contacts_are_the_newest(run: Run) -> Looks:
    """Notification knows whom to tell of each dossier as it heard last."""
    newest: dict[str, tuple[int, str]] = {}
    handled = run.notification.inbox.get("notification.recipients", {})
    for event in run.intake.announced:
        if event.fact == "dossier.recipients" and event.key in handled:
            newest[event.subject] = (event.sequence, event.facts["ciphertext"])
    rows = {
        row["dossier_id"]: (row["sequence"], row["ciphertext"])
        for row in run.notification.table("recipients")
    }
    jumped = any(fault["fault"] == "clock-jump" for fault in run.history.faults)
    for dossier_id, contact in newest.items():
        found = rows.get(dossier_id)
        # A month after the end of a dossier its contact goes; who jumps ahead, deletes it today.
        right = found == contact or (found is None and jumped)
        yield None if right else f"notification knows another contact of dossier {dossier_id}"


def certification_follows_its_dossiers(run: Run) -> Looks:
    """What certification knows of its dossiers is what it heard: whether they were received,
    completed or ended, and whether they owe.
    """
    handled = run.certification.inbox.get("certification.dossiers", {})
    rows = {row["id"]: row for row in run.certification.table("dossiers")}
    for subject, events in _heard_of_copies(run).items():
        heard = [event.fact for event in events if event.key in handled]
        row = rows.get(subject)
        if heard[:1] == ["dossier.registered"]:
            expected = _as_heard(heard)
            found = (row["state"], row["owes"]) if row else None
            right = found == expected
            yield None if right else f"certification knows dossier {subject} as {found}"


def _heard_of_copies(run: Run) -> Mapping[str, Sequence[Event]]:
    """The events of dossiers in which a certified copy is asked for."""
    events: dict[str, list[Event]] = {}
    for event in run.intake.announced:
        if event.fact == "dossier.registered":
            if event.facts["procedureCode"].startswith(CERTIFIED_COPIES):
                events[event.subject] = [event]
        elif event.topic == DOSSIERS and event.subject in events:
            events[event.subject].append(event)
    return events


def _as_heard(heard: Sequence[str]) -> tuple[str, bool]:
    state, owes = "open", False
    for fact in heard:
        if fact in {"dossier.received", "dossier.completed"}:
            state = fact.removeprefix("dossier.")
        elif fact in ENDINGS:
            state = "ended"
        elif fact in {"dossier.payment-required", "dossier.payment-settled"}:
            owes = fact == "dossier.payment-required"
    return state, owes


def payment_follows_its_dossiers(run: Run) -> Looks:
    """Payment knows which dossiers ended without a result, and nobody can pay for them."""
    handled = run.payment.inbox.get("payment.dossiers", {})
    ended = {e.subject for e in run.intake.announced if e.fact in ENDINGS and e.key in handled}
    orders = run.payment.groups("orders", "dossier_id")
    for row in run.payment.table("dossiers"):
        over = row["id"] in ended
        payable = [o["id"] for o in orders.get(row["id"], ()) if o["state"] in {"open", "paid"}]
        if over != (row["ended_for"] is not None):
            yield f"payment knows dossier {row['id']} as ended for {row['ended_for']}"
        else:
            name = f"dossier {row['id']} is over, and payment keeps"
            yield f"{name} order {payable[0]}" if over and payable else None


RULES = tuple(
    Rule(check)
    for check in (
        logs_are_sealed,
        audits_told_the_truth,
        log_rows_are_their_events,
        streams_count_their_events,
        dossiers_go_as_the_list_allows,
        dossiers_are_the_fold,
        papers_are_the_fold,
        orders_are_the_fold,
        copies_are_the_fold,
        messages_are_the_fold,
        recognised_copies_are_the_fold,
        contacts_are_the_newest,
        certification_follows_its_dossiers,
        payment_follows_its_dossiers,
    )
)
