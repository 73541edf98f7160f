"""I1: what was answered with success is there, and reached everybody who is to hear of it."""

from collections.abc import Mapping

from checker.contract import (
    COMPACTED,
    CONSUMERS,
    DOSSIERS,
    ENDED_EARLY,
    RETURNED,
    Consumer,
    consumers_of,
)
from checker.held import open_by_event
from checker.history import Command
from checker.reading import Row
from checker.records import Event
from checker.run import Run
from checker.verdicts import Harm, Looks, Rule

FACT_OF_COMMAND: Mapping[str, str] = {
    "receive": "dossier.received",
    "return": "dossier.returned",
    "withdraw": "dossier.withdrawn",
    "refuse": "dossier.refused",
    "supplement": "dossier.supplemented",
    "stop": "dossier.stopped",
}
STATUS_OF_ENDING: Mapping[str, int] = {"returned": RETURNED, "withdrawn": 7, "refused": 3}


def uploads_are_kept(run: Run) -> Looks:
    """Each upload that was answered has its row, with the digest and size of what was sent."""
    for upload in run.history.ok("upload"):
        row = run.intake.find("files", upload.told["fileId"])
        yield _wrong_file(upload, row)


def _wrong_file(upload: Command, row: Row | None) -> str | None:
    if row is None:
        return f"{upload} was answered with file {upload.told['fileId']}, which has no row"
    if (row["sha256"], row["size"]) != (upload.asked["sha256"], upload.asked["size"]):
        return f"{upload}: file {row['id']} has not the digest and size of what was sent"
    return None


def stored_files_are_whole(run: Run) -> Looks:
    """Each row of a file has its file in the store, whose bytes give its name and its size."""
    stored = run.files("intake")
    for row in run.intake.table("files"):
        file = stored.get(row["sha256"])
        if file is None:
            yield f"file {row['id']} lies nowhere in the store ({row['sha256']})"
        elif (file["sha256"], file["size"]) != (row["sha256"], row["size"]):
            yield f"file {row['id']}: the bytes in the store are others ({row['sha256']})"
        else:
            yield None


def filings_are_kept(run: Run) -> Looks:
    """Each filing that was answered has its dossier with this code and these papers, and its
    `dossier.registered` as the first event.
    """
    for filing in run.history.ok("file"):
        yield _wrong_filing(run, filing)


def _wrong_filing(run: Run, filing: Command) -> str | None:
    dossier_id = filing.told["dossierId"]
    row = run.intake.find("dossiers", dossier_id)
    if row is None:
        return f"{filing} was answered with dossier {dossier_id}, which is not there"
    if row["code"] != filing.told.get("code", row["code"]):
        return f"{filing}: dossier {dossier_id} has the code {row['code']}, another one was told"
    papers = run.intake.groups("papers", "dossier_id").get(dossier_id, [])
    missing = set(filing.asked.get("fileIds") or ()) - {paper["file_id"] for paper in papers}
    if missing:
        return f"{filing}: dossier {dossier_id} lacks the files {', '.join(sorted(missing))}"
    registered = run.intake.facts_about(dossier_id, "dossier.registered")
    if [event.sequence for event in registered] != [1]:
        return f"dossier {dossier_id} has no dossier.registered as its first event"
    return None


def decisions_are_kept(run: Run) -> Looks:
    """Each receipt, refusal, supplement, withdrawal and return that was answered has its fact."""
    for command in run.history.ok(*FACT_OF_COMMAND):
        dossier_id, fact = command.asked["dossierId"], FACT_OF_COMMAND[command.name]
        papers = run.intake.groups("papers", "dossier_id").get(dossier_id, [])
        missing = set(command.asked.get("fileIds") or ()) - {paper["file_id"] for paper in papers}
        if not run.intake.facts_about(dossier_id, fact):
            yield f"{command} was answered, and dossier {dossier_id} has no {fact}"
        elif missing:
            yield f"{command}: dossier {dossier_id} lacks the files {', '.join(sorted(missing))}"
        else:
            yield None


def copies_are_kept(run: Run) -> Looks:
    """Each copy that was asked for is there with its fact; each approved one has its number."""
    for command in run.history.ok("request-copy"):
        row = run.certification.find("copies", command.told["copyId"])
        dossier_id = command.asked["dossierId"]
        facts = run.certification.facts_about(dossier_id, "certification.copy-requested")
        if row is None or row["dossier_id"] != dossier_id:
            yield f"{command} was answered with copy {command.told['copyId']}, which is not there"
        elif row["scan_sha256"] != command.asked.get("sha256", row["scan_sha256"]):
            yield f"{command}: copy {row['id']} is of another scan"
        elif not any(event.facts["copyId"] == row["id"] for event in facts):
            yield f"copy {row['id']} has no certification.copy-requested"
        else:
            yield None
    for command in run.history.ok("approve-copy"):
        entry = run.certification.find("register_entries", command.asked["copyId"], "copy_id")
        yield None if entry else f"{command} was answered, and its copy has no register number"


def attempts_are_kept(run: Run) -> Looks:
    """Each attempt to pay, and each order that came anew, is there as it was answered."""
    for command in run.history.ok("start-attempt"):
        reference = command.told["reference"]
        row = run.payment.find("attempts", reference, "reference")
        if row is None or row["order_id"] != command.asked["orderId"]:
            yield f"{command} was answered with attempt {reference}, which is not there"
        else:
            yield None
    for command in run.history.ok("order-anew"):
        row = run.payment.find("orders", command.told["orderId"])
        known = row and row["dossier_id"] == command.asked["dossierId"]
        yield None if known else f"{command}: order {command.told['orderId']} is not there"


def payments_are_kept(run: Run) -> Looks:
    """What a citizen decided at the gateway is in its ledger, and what was charged is booked."""
    kinds = {"charged", "failed", "charge-planned"}
    ends: dict[str, Row] = {}
    for entry in run.ledger("vnpay"):
        if entry["kind"] in kinds and ends.get(entry["txnRef"], {}).get("kind") != "charged":
            ends[entry["txnRef"]] = entry
    for command in run.history.ok("pay"):
        reference = command.asked["reference"]
        entry = ends.get(reference)
        if entry is None:
            yield f"{command}: the gateway knows no decision about {reference}"
        elif entry["kind"] == "charged" and entry["responseCode"] == "00":
            number = entry["transactionNo"]
            booked = run.payment.find("gateway_transactions", number, "transaction_id")
            yield None if booked else f"{command}: charged as {number}, which is on no book"
        else:
            yield None


def events_reach_their_topic(run: Run) -> Looks:
    """Each event that was committed is on its topic, as the topic was at the end. Of a compacted
    topic that is the newest of each dossier.
    """
    on_topic: dict[str, set[tuple[str, str]]] = {
        topic: {record.event for record in run.records(reading) if record.planted is None}
        for topic, reading in run.last_readings.items()
    }
    newest = _newest_of_compacted(run)
    for event in run.written.values():
        if event.topic in COMPACTED and newest[event.topic, event.subject] != event.id:
            continue
        known = event.key in on_topic.get(event.topic, ())
        yield None if known else f"{event} is not on {event.topic}"


def _newest_of_compacted(run: Run) -> Mapping[tuple[str, str], str]:
    newest: dict[tuple[str, str], Event] = {}
    for event in run.written.values():
        if event.topic in COMPACTED:
            stream = (event.topic, event.subject)
            if stream not in newest or newest[stream].sequence < event.sequence:
                newest[stream] = event
    return {stream: event.id for stream, event in newest.items()}


def events_reach_their_consumers(run: Run) -> Looks:
    """Each event that a consumer is entitled to is in its inbox, or waits among what it holds."""
    held, consumers = open_by_event(run), {c.name: run.consumed_by(c) for c in CONSUMERS}
    newest = _newest_of_compacted(run)
    for event in run.written.values():
        if event.topic in COMPACTED and newest[event.topic, event.subject] != event.id:
            continue
        for consumer in _entitled(event):
            known = event.key in consumers[consumer.name] or (consumer.name, event.key) in held
            yield None if known else f"{consumer.name} never handled {event}"


def _entitled(event: Event) -> list[Consumer]:
    return [c for c in consumers_of(event.topic) if event.fact in c.facts]


def agencies_have_seen(run: Run) -> Looks:
    """Each agency's own system has seen every dossier that was received for it."""
    for event in run.intake.announced:
        if event.topic == DOSSIERS and event.fact == "dossier.received":
            agency = run.agencies.get(event.facts["agency"])
            if agency:
                seen = event.key in agency.seen
                yield None if seen else f"agency {agency.code} never saw {event}"


def agencies_were_heard(run: Run) -> Looks:
    """Whatever an agency's own system decided it has also sent."""
    for agency in run.agencies.values():
        unsent = {event.key for event in agency.unsent}
        for event in agency.answers:
            yield f"agency {agency.code} never sent {event}" if event.key in unsent else None


def consumed_payments_have_their_order(run: Run) -> Looks:
    """What payment was told to collect is among its obligations, and an order asked for it unless
    the dossier ended.
    """
    told = run.payment.inbox.get("payment.dossiers", {})
    for event in run.intake.announced:
        if event.fact == "dossier.payment-required" and event.key in told:
            due = event.facts["obligations"]
            unknown = [o for o in due if not run.payment.find("obligations", o["obligationId"])]
            dossier = run.payment.find("dossiers", event.subject)
            over = dossier is not None and dossier["ended_for"] is not None
            ordered = run.payment.groups("orders", "dossier_id").get(event.subject)
            if over or (ordered and not unknown):
                yield None
            else:
                yield f"payment handled {event}, and has no order for it"


_EFFECTS: Mapping[str, tuple[str, ...]] = {
    "agency.processing-started": ("dossier.processing-started",),
    "agency.supplement-requested": ("dossier.supplement-requested",),
    "agency.decided": ("dossier.completed",),
    "payment.succeeded": ("dossier.payment-settled",),
    "certification.copy-requested": ("dossier.payment-required",),
    "certification.copy-certified": ("dossier.completed",),
    "certification.copy-refused": ("dossier.refused", "dossier.stopped"),
}
"""What an event must have brought about once intake handled it, unless the dossier is over."""


def consumed_facts_took_effect(run: Run) -> Looks:
    """What intake heard of agencies, payment and certification moved its dossier, unless that is
    over.
    """
    handled = {key for consumer in run.intake.inbox.values() for key in consumer}
    for event in run.written.values():
        effects = _EFFECTS.get(event.fact)
        if effects and event.key in handled:
            dossier = run.intake.find("dossiers", event.subject)
            over = dossier is not None and dossier["status"] in ENDED_EARLY
            moved = over or run.intake.facts_about(event.subject, *effects)
            yield None if moved else f"intake handled {event}, and nothing came of it"


def endings_are_true(run: Run) -> Looks:
    """A journey that ended with a result or a withdrawal has its dossier in that status."""
    for note in run.history.notes("journey-ended"):
        status = STATUS_OF_ENDING.get(note.get("ending", ""))
        if status is not None:
            row = run.intake.find("dossiers", note["dossierId"])
            real = row["status"] if row else None
            expected = f"dossier {note['dossierId']} ended as {note['ending']}"
            yield None if real == status else f"{expected}, and its status is {real}"


RULES = tuple(
    Rule(check, Harm.LOST)
    for check in (
        uploads_are_kept,
        stored_files_are_whole,
        filings_are_kept,
        decisions_are_kept,
        copies_are_kept,
        attempts_are_kept,
        payments_are_kept,
        events_reach_their_topic,
        events_reach_their_consumers,
        agencies_have_seen,
        agencies_were_heard,
        consumed_payments_have_their_order,
        consumed_facts_took_effect,
        endings_are_true,
    )
)
