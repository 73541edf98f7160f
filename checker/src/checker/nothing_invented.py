"""I7: each effect traces to something that was asked for, and to no more than was asked for."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from checker.contract import ENDINGS, TOLD
from checker.planted import handled_ids
from checker.reading import Row
from checker.records import Event
from checker.run import Database, Run
from checker.told_once import accepted_mails
from checker.verdicts import Harm, Looks, Rule


def dossiers_were_filed(run: Run) -> Looks:
    """Each dossier was answered to a filing, or belongs to the key of one whose answer was lost."""
    answered = {command.told["dossierId"] for command in run.history.ok("file")}
    kept = {body["dossierId"] for body in _kept_bodies(run, run.intake, "file") if body}
    for row in run.intake.table("dossiers"):
        known = row["id"] in answered or row["id"] in kept
        yield None if known else f"dossier {row['id']} ({row['code']}) was never filed"


def one_key_has_one_effect(run: Run) -> Looks:
    """Commands that were sent twice under one key are answered with one and the same thing."""
    answers: dict[str, set[str]] = defaultdict(set)
    for name, field in (
        ("file", "dossierId"),
        ("start-attempt", "reference"),
        ("request-copy", "copyId"),
    ):
        for command in run.history.ok(name):
            answers[f"{name} {command.key}"].add(command.told[field])
    for key, told in answers.items():
        yield None if len(told) == 1 else f"{key} was answered with {', '.join(sorted(told))}"


def other_bodies_are_refused(run: Run) -> Looks:
    """A key that comes again with another body is refused."""
    for command in run.history.commands:
        if command.asked.get("otherBody"):
            refused = command.outcome != "ok"
            yield None if refused else f"{command} took the key of another command"


def refused_commands_changed_nothing(run: Run) -> Looks:
    """Under the key of a command that failed for sure no answer is kept, unless it came again."""
    possible = {c.key for c in run.history.commands if c.possible and c.key}
    keys = {
        row["key"]
        for database in (run.intake, run.payment, run.certification)
        for row in database.table("idempotency_keys")
    }
    for command in run.history.commands:
        if command.key and command.key not in possible:
            yield f"{command} failed, and took effect" if command.key in keys else None


def files_were_uploaded(run: Run) -> Looks:
    """There are no more files of a content than it was sent, tried again or not (an upload has no
    key); agencies' files are of agencies.
    """
    sent = Counter[str]()
    for upload in run.history.named("upload"):
        if upload.possible:
            sent[upload.asked["sha256"]] += upload.told.get("tries", 1)
    kept = Counter(row["sha256"] for row in run.intake.table("files") if row["agency"] is None)
    for sha256, count in kept.items():
        yield None if count <= sent[sha256] else f"{count} files {sha256}, {sent[sha256]} were sent"
    for row in run.intake.table("files"):
        if row["agency"] is not None:
            known = row["agency"] in run.about["agencies"]
            yield None if known else f"file {row['id']} is of {row['agency']}, which is no agency"


def attempts_were_started(run: Run) -> Looks:
    """Each attempt to pay was answered to somebody, or belongs to a key whose answer was lost."""
    answered = {command.told["reference"] for command in run.history.ok("start-attempt")}
    kept = set(_kept_bodies(run, run.payment, "start-attempt"))
    for row in run.payment.table("attempts"):
        known = row["reference"] in answered or row["id"] in kept
        yield None if known else f"attempt {row['reference']} was never started by anybody"


def copies_were_asked_for(run: Run) -> Looks:
    """Each copy was asked for by a clerk, and each number follows an approval."""
    answered = {command.told["copyId"] for command in run.history.ok("request-copy")}
    kept = {body["copyId"] for body in _kept_bodies(run, run.certification, "request-copy") if body}
    for row in run.certification.table("copies"):
        if row["replaces"] is None:
            known = row["id"] in answered or row["id"] in kept
            yield None if known else f"copy {row['id']} was never asked for"
    approved = {c.asked["copyId"] for c in run.history.named("approve-copy") if c.possible}
    for row in run.certification.table("register_entries"):
        known = row["copy_id"] in approved
        yield None if known else f"copy {row['copy_id']} has a number, and nobody approved it"


def _kept_bodies(run: Run, database: Database, name: str) -> Iterator[Row]:
    """The answers that are kept under the keys of commands that may have taken effect."""
    keys = {command.key for command in run.history.named(name) if command.possible}
    for row in database.table("idempotency_keys"):
        if row["key"] in keys and row["body"] is not None:
            yield row["body"]


@dataclass(frozen=True)
class Origin:
    """Where a fact may come from: commands about its dossier, or events that it answers."""

    commands: tuple[str, ...] = ()
    causes: frozenset[str] = frozenset()
    freely: bool = False
    """Time, a gateway or a journal brings it about, too; other rules decide about these."""


_CERTIFIED = frozenset({"certification.copy-certified"})
_COPY_ENDS = frozenset({"certification.copy-revoked", "certification.copy-replaced"})
_FREE = Origin(freely=True)
ORIGINS: Mapping[str, Origin] = {
    "dossier.registered": _FREE,
    "dossier.recipients": _FREE,
    "dossier.payment-required": Origin(("file",), frozenset({"certification.copy-requested"})),
    "dossier.payment-settled": Origin((), frozenset({"payment.succeeded"})),
    "dossier.received": Origin(
        ("receive",), frozenset({"payment.succeeded", "certification.copy-requested"})
    ),
    "dossier.refused": Origin(("refuse",), frozenset({"certification.copy-refused"})),
    "dossier.stopped": Origin(("stop",), frozenset({"certification.copy-refused"})),
    "dossier.withdrawn": Origin(("withdraw",)),
    "dossier.supplemented": Origin(("supplement",)),
    "dossier.supplement-requested": Origin(
        ("request-supplement",), frozenset({"agency.supplement-requested"})
    ),
    "dossier.processing-started": Origin(
        (), frozenset({"agency.processing-started", "agency.decided"}) | _CERTIFIED
    ),
    "dossier.completed": Origin((), frozenset({"agency.decided"}) | _CERTIFIED),
    "dossier.returned": Origin(("return",), _CERTIFIED),
    "dossier.overdue": _FREE,
    "dossier.deadline-near": _FREE,
    "dossier.paper-unproven": Origin((), _COPY_ENDS),
    "payment.requested": Origin(("order-anew",), frozenset({"dossier.payment-required"})),
    "payment.refund-requested": _FREE,
    "payment.succeeded": _FREE,
    "payment.receipt-issued": _FREE,
    "payment.attempt-failed": _FREE,
    "payment.expired": _FREE,
    "payment.suspended": _FREE,
    "certification.copy-requested": Origin(("request-copy",)),
    "certification.copy-certified": Origin(("approve-copy",)),
    "certification.copy-refused": Origin(("refuse-copy", "revoke-copy"), ENDINGS),
    "certification.copy-revoked": Origin(("revoke-copy",), ENDINGS),
    "certification.copy-replaced": Origin(("replace-copy", "approve-copy")),
    "notification.sent": Origin((), TOLD),
    "notification.failed": Origin((), TOLD),
    "notification.outcome-unknown": Origin((), TOLD),
}


def facts_have_their_origin(run: Run) -> Looks:
    """Each fact answers an event that may bring it about; one that answers none was asked for, and
    there are no more of them for a dossier than were asked for.
    """
    facts = {event.id: event.fact for event in run.written.values()}
    asked = _asked(run)
    seen: Counter[tuple[str, str]] = Counter()
    for event in run.written.values():
        origin = ORIGINS.get(event.fact)
        if origin is None or origin.freely:
            continue
        if event.cause in facts:
            right = facts[event.cause] in origin.causes
            yield None if right else f"{event} answers {facts[event.cause]} {event.cause}"
            continue
        seen[event.subject, event.fact] += 1
        allowed = sum(asked[event.subject, name] for name in origin.commands)
        right = seen[event.subject, event.fact] <= allowed
        yield None if right else f"{event} was not asked for"


def _asked(run: Run) -> Counter[tuple[str, str]]:
    """How many commands of a name may have taken effect on each dossier: one for each key."""
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for command in run.history.commands:
        subject = command.asked.get("dossierId")
        if subject and command.possible:
            keys[subject, command.name].add(command.key or command.id)
    for row in run.intake.table("dossiers"):
        keys[row["id"], "file"] = {row["id"]}
    return Counter({place: len(found) for place, found in keys.items()})


def causes_have_one_effect(run: Run) -> Looks:
    """No event was answered twice with the same fact about the same thing."""
    known = {event.id for event in run.written.values()}
    resent = {
        row["message_id"]
        for row in run.notification.table("attempts")
        if row["happening"] == "resend"
    }
    effects: dict[tuple[str | None, str, str, str], list[Event]] = defaultdict(list)
    for event in run.written.values():
        if event.cause in known and _happens_once(event):
            thing = _thing(event.facts)
            if thing not in resent:
                effects[event.cause, event.fact, event.subject, thing].append(event)
    for (cause, *_), events in effects.items():
        twice = len(events) > 1
        yield f"{cause} was answered twice, with {events[0]} and {events[-1]}" if twice else None


def _happens_once(event: Event) -> bool:
    """An agency may say several things at once; an outcome that nobody knows may come again."""
    return not event.fact.startswith("agency.") and event.fact != "notification.outcome-unknown"


def _thing(facts: Row) -> str:
    """What an event is about, besides its dossier."""
    names = ("receiptId", "paperId", "copyId", "messageId", "refundId", "suspenseId")
    return next((facts[name] for name in names if name in facts), "")


def orders_were_asked_for(run: Run) -> Looks:
    """A dossier has no more orders than it was told to pay, or its owner asked for one anew."""
    required = Counter(
        event.subject for event in run.intake.announced if event.fact == "dossier.payment-required"
    )
    asked = _asked(run)
    for dossier_id, orders in run.payment.groups("orders", "dossier_id").items():
        allowed = required[dossier_id] + asked[dossier_id, "order-anew"]
        right = len(orders) <= allowed
        yield None if right else f"dossier {dossier_id} has {len(orders)} orders, {allowed} asked"


def consumers_took_what_was_written(run: Run) -> Looks:
    """Whatever a consumer took effect of was committed by its writer."""
    handled = handled_ids(run)
    for database in run.databases.values():
        for consumer, events in database.inbox.items():
            for key in events:
                known = key in run.written or key in handled
                yield None if known else f"{consumer} handled {key[1]}, which {key[0]} never wrote"


def messages_tell_facts(run: Run) -> Looks:
    """Each message tells a fact that happened, of a kind that citizens hear of."""
    facts = {event.id: event.fact for event in run.written.values()}
    for row in run.notification.table("messages"):
        told = facts.get(row["fact_event_id"])
        said = row["fact_type"].removeprefix("vn.motcua.").removesuffix(".v1")
        right = told in TOLD and told == said
        yield None if right else f"message {row['id']} tells {said}, which was {told}"


def mails_have_their_message(run: Run) -> Looks:
    """Each mail that the server took is one of our messages."""
    known = {row["id"] for row in run.notification.table("messages")}
    for message, entries in accepted_mails(run).items():
        for entry in entries:
            yield None if message in known else f"mail {entry['id']} is no message of ours"


RULES = (
    Rule(dossiers_were_filed, Harm.DUPLICATED),
    Rule(one_key_has_one_effect, Harm.DUPLICATED),
    Rule(other_bodies_are_refused),
    Rule(refused_commands_changed_nothing),
    Rule(files_were_uploaded),
    Rule(attempts_were_started, Harm.DUPLICATED),
    Rule(copies_were_asked_for, Harm.DUPLICATED),
    Rule(facts_have_their_origin),
    Rule(causes_have_one_effect, Harm.DUPLICATED),
    Rule(orders_were_asked_for, Harm.DUPLICATED),
    Rule(consumers_took_what_was_written),
    Rule(messages_tell_facts),
    Rule(mails_have_their_message),
)
