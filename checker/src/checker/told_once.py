"""I4: a citizen hears of each fact once, and is never told twice by us."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from checker.contract import TOLD
from checker.reading import Row
from checker.run import Run
from checker.verdicts import Harm, Looks, Rule

UNKNOWN = "outcome-unknown"
_MESSAGE_ID = re.compile(r"<([^@>]+)@")


def accepted_mails(run: Run) -> Mapping[str | None, list[Row]]:
    """What the mail server took, by the id of our message; None: none of ours."""
    accepted: dict[str | None, list[Row]] = defaultdict(list)
    for entry in run.ledger("mail"):
        if entry["kind"] == "accepted":
            accepted[message_id(entry)].append(entry)
    return accepted


def message_id(entry: Row) -> str | None:
    headers = {name.lower(): text for name, text in entry["headers"].items()}
    found = _MESSAGE_ID.search(headers.get("message-id", ""))
    return found[1] if found else None


def facts_have_a_message(run: Run) -> Looks:
    """Each fact that notification took note of, and that citizens hear of, has a message."""
    told = run.notification.inbox.get("notification.facts", {})
    messages = run.notification.groups("messages", "fact_event_id")
    for event in run.written.values():
        if event.fact in TOLD and event.key in told:
            yield None if event.id in messages else f"nobody is told of {event}"


def messages_are_unique(run: Run) -> Looks:
    """No two messages tell the same person the same fact over the same channel."""
    rows = run.notification.table("messages")
    times = Counter((row["fact_event_id"], row["recipient"], row["channel"]) for row in rows)
    for (fact, recipient, channel), count in times.items():
        name = f"fact {fact} to the {recipient} by {channel}"
        yield None if count == 1 else f"{name}: {count} messages"


def mails_are_sent_once(run: Run) -> Looks:
    """The mail server took each message once at most: one whose answer was lost is not repeated,
    unless an operator said so.
    """
    accepted = accepted_mails(run)
    resent = Counter(
        row["message_id"]
        for row in run.notification.table("attempts")
        if row["happening"] == "resend"
    )
    for row in run.notification.table("messages"):
        count = len(accepted.get(row["id"], ()))
        allowed = 1 + resent[row["id"]]
        yield None if count <= allowed else f"message {row['id']} was mailed {count} times"


def sent_messages_arrived(run: Run) -> Looks:
    """A message that counts as sent is with the mail server; one that failed is not."""
    accepted = accepted_mails(run)
    resent = {
        row["message_id"]
        for row in run.notification.table("attempts")
        if row["happening"] == "resend"
    }
    for row in run.notification.table("messages"):
        arrived = row["id"] in accepted
        if row["state"] == "sent" and not arrived:
            yield f"message {row['id']} counts as sent, and never arrived"
        elif row["state"] == "failed" and arrived and row["id"] not in resent:
            yield f"message {row['id']} counts as failed, and arrived"
        else:
            yield None


RULES = (
    Rule(facts_have_a_message, Harm.LOST),
    Rule(messages_are_unique, Harm.DUPLICATED),
    Rule(mails_are_sent_once, Harm.DUPLICATED),
    Rule(sent_messages_arrived, Harm.LOST),
)
