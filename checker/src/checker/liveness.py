"""I9: in the end everything went on, and nothing rests but what was planted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from checker.contract import PAYMENT, consumers_of
from checker.held import Held, all_held
from checker.planted import expects_handling, notes, records
from checker.run import Run
from checker.verdicts import Harm, Looks, Rule

PLANTING = frozenset({"poison", "future-schema"})
"""Kinds of faults that plant records."""


def the_run_became_quiet(run: Run) -> Looks:
    """After the last fault everything came to rest within its time."""
    yield None if run.about["quietAt"] else "the run never became quiet"


def outboxes_are_empty(run: Run) -> Looks:
    """Nothing waits to be published."""
    for service, database in run.databases.items():
        waiting = database.pending
        name = f"{service} did not publish {len(waiting)} events"
        yield f"{name}, the first is {waiting[0]}" if waiting else None


def held_messages_are_explained(run: Run) -> Looks:
    """What consumers still hold was planted, or waits behind what was."""
    explained: dict[tuple[str, str, str | None], int] = {}
    known = notes(run)
    for held in sorted(all_held(run), key=_id):
        if held.open:
            queued = explained.get(held.order, 2**63) < held.row["id"]
            reason = held.planted in known or queued
            if reason and held.row["ordering_key"] is not None:
                explained.setdefault(held.order, held.row["id"])
            yield None if reason else str(held)


def _id(held: Held) -> int:
    return held.row["id"]


def planted_records_are_parked_once(run: Run) -> Looks:
    """Each planted record is held once by each consumer of its topic, for the reason that was
    expected; one that is sound is handled. What the broker did not take when it was planted is
    nowhere.
    """
    held: dict[tuple[str, str], list[Held]] = defaultdict(list)
    for each in all_held(run):
        if each.planted:
            held[each.planted, each.consumer].append(each)
    on_topics = {record.planted: record.event for record in records(run)}
    refused = {note.get("fault") for note in run.history.notes("fault-failed")}
    for mark, note in notes(run).items():
        if mark not in on_topics and refused & PLANTING:
            continue
        for consumer in consumers_of(note["topic"]):
            rows = held.get((mark, consumer.name), [])
            if expects_handling(note):
                handled = on_topics.get(mark) in run.consumed_by(consumer) and not rows
                yield None if handled else f"{consumer.name} did not handle {mark}, which is sound"
            else:
                yield _wrong_parking(f"{consumer.name} and planted record {mark}", rows, note)


def _wrong_parking(name: str, rows: Sequence[Held], note: Mapping[str, str]) -> str | None:
    reasons = {row.row["reason"] for row in rows}
    if not rows:
        return f"{name}: it was passed over"
    if sum(row.open for row in rows) > 1:
        return f"{name}: it is held {len(rows)} times"
    unexpected = reasons - {note["expects"], "queued-behind"}
    return f"{name}: held for {sorted(unexpected)}, not {note['expects']}" if unexpected else None


def journeys_end(run: Run) -> Looks:
    """Whoever filed a dossier came to an end with it."""
    ended = {note.get("dossierId") for note in run.history.notes("journey-ended")}
    filed = {command.told["dossierId"] for command in run.history.ok("file")}
    for note in run.history.notes("journey-stuck"):
        yield f"dossier {note.get('dossierId')} is stuck: {note.get('where')}"
    stuck = {note.get("dossierId") for note in run.history.notes("journey-stuck")}
    for dossier_id in filed - stuck:
        yield None if dossier_id in ended else f"dossier {dossier_id} came to no end"


def messages_are_final(run: Run) -> Looks:
    """Each message was sent, failed, or has an outcome that nobody can know."""
    final = {"sent", "failed", "outcome-unknown"}
    for row in run.notification.table("messages"):
        done = row["state"] in final
        yield None if done else f"message {row['id']} is still {row['state']} ({row['reason']})"


def copies_are_not_left_signing(run: Run) -> Looks:
    """No copy that was approved still waits to be signed."""
    for row in run.certification.table("copies"):
        left = row["state"] == "signing"
        yield f"copy {row['id']} still waits for {row['waits_for']}" if left else None


def paid_dossiers_went_on(run: Run) -> Looks:
    """Paid implies advanced: the dossier of each paid order went on, named by it."""
    settled = _settled_orders(run)
    for order in run.payment.table("orders"):
        if order["state"] == "paid":
            dossier = run.intake.find("dossiers", order["dossier_id"])
            waits = dossier is None or dossier["status"] == PAYMENT
            right = order["id"] in settled and not waits
            name = f"order {order['id']} is paid, and dossier {order['dossier_id']}"
            yield None if right else f"{name} does not go on"


def progress_was_paid(run: Run) -> Looks:
    """No dossier went on without its money: the order that settled it was paid."""
    orders = {order["id"]: order["state"] for order in run.payment.table("orders")}
    for order_id, subject in _settled_orders(run).items():
        paid = orders.get(order_id) in {"paid", "refunding"}
        yield None if paid else f"dossier {subject} went on by order {order_id}, which is not paid"


def _settled_orders(run: Run) -> Mapping[str, str]:
    return {
        event.facts["orderId"]: event.subject
        for event in run.intake.announced
        if event.fact == "dossier.payment-settled"
    }


RULES = (
    *(
        Rule(check, Harm.STUCK)
        for check in (
            the_run_became_quiet,
            outboxes_are_empty,
            held_messages_are_explained,
            journeys_end,
            messages_are_final,
            copies_are_not_left_signing,
            paid_dossiers_went_on,
        )
    ),
    Rule(planted_records_are_parked_once),
    Rule(progress_was_paid),
)
