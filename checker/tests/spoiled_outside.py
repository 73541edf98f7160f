"""Ways to break what shows at the end and from outside: agreement, liveness, authority."""

from base64 import b64decode, b64encode
from collections.abc import Mapping

from checker.contract import CERTIFICATIONS, DOSSIERS

from .spoiling import JUSTICE_TOPIC, NOBODY, Spoil, Spoiled
from .tiny_run import JUSTICE, OFFICE, PLANNING
from .tiny_stories import held_row


def readers_disagree(s: Spoiled) -> None:
    line = s.topic(DOSSIERS, f"agency-{JUSTICE}")[3]
    line["value"] = b64encode(b64decode(line["value"]) + b" ").decode()


def record_uncommitted(s: Spoiled) -> None:
    headers = dict(s.topic(CERTIFICATIONS)[-1]["headers"])
    headers |= {
        "ce_id": b64encode(NOBODY.encode()).decode(),
        "ce_sequence": b64encode(b"3").decode(),
    }
    for lines in s.topics(CERTIFICATIONS):
        lines.append(lines[-1] | {"offset": len(lines), "headers": [*headers.items()]})


def rebuilt_without_the_last(s: Spoiled) -> None:
    for lines in s.topics(DOSSIERS):
        del lines[-1]


def never_quiet(s: Spoiled) -> None:
    s.files["run.json"][0]["quietAt"] = None


def outbox_full(s: Spoiled) -> None:
    row = s.table("notification.event_log").pop()
    s.table("notification.outbox").append(row)


def held_for_no_reason(s: Spoiled) -> None:
    s.table("payment.held_messages").append(held_row("payment.dossiers", None, None))


def planted_passed_over(s: Spoiled) -> None:
    del s.table("intake.held_messages")[-1]


def stuck(s: Spoiled) -> None:
    line = {"kind": "note", "note": "journey-stuck", "dossierId": NOBODY, "where": "status 9"}
    s.files["history.jsonl"].append(line)


def message_waiting(s: Spoiled) -> None:
    s.table("notification.messages")[0]["state"] = "reserved"


def copy_left_signing(s: Spoiled) -> None:
    copy = s.table("certification.copies")[0]
    s.table("certification.copies").append(
        copy | {"id": NOBODY, "state": "signing", "replaces": copy["id"], "sha256": None}
    )


def paid_and_waiting(s: Spoiled) -> None:
    s.say(s.event("dossier.payment-settled"), orderId=s.table("payment.orders")[1]["id"])


def unpaid_and_gone_on(s: Spoiled) -> None:
    settled = [
        row
        for row in s.table("intake.event_log")
        if row["headers"]["ce_type"] == "vn.motcua.dossier.payment-settled.v1"
    ]
    s.say(settled[-1], orderId=NOBODY)


def forgery_accepted(s: Spoiled) -> None:
    s.said("ok", "forged-ipn")["rspCode"] = "00"


def attempt_paid_by_nobody(s: Spoiled) -> None:
    key = s.said("invoke", "start-attempt")
    row = s.table("payment.attempts")[0]
    s.table("payment.attempts").append(row | {"id": NOBODY, "reference": "unpaid"})
    ok = {"kind": "ok", "commandId": "started", "reference": "unpaid"}
    s.files["history.jsonl"] += [key | {"commandId": "started", "key": "k"}, ok]


def untrue_notification_believed(s: Spoiled) -> None:
    s.table("payment.gateway_notifications")[0]["amount"] -= 1


def planted_taken(s: Spoiled) -> None:
    planted = s.topic(JUSTICE_TOPIC)[-1]
    known = {name: b64decode(text).decode() for name, text in planted["headers"]}
    row = {"consumer": "intake.decisions", "source": known["ce_source"]}
    inbox = s.table("intake.inbox")
    inbox.append({**row, "event_id": known["ce_id"], "received_at": "2026-11-25T10:59:00Z"})


def another_agency_decides(s: Spoiled) -> None:
    rows = [row for row in s.table("intake.event_log") if "completed" in row["headers"]["ce_type"]]
    s.say(rows[0], agency=PLANNING)


def agency_out_of_place(s: Spoiled) -> None:
    s.table("intake.dossiers")[0]["competent_agency"] = OFFICE


SPOILERS: Mapping[str, Spoil] = {
    "readers-agree": readers_disagree,
    "records-were-written": record_uncommitted,
    "topics-are-their-logs": rebuilt_without_the_last,
    "the-run-became-quiet": never_quiet,
    "outboxes-are-empty": outbox_full,
    "held-messages-are-explained": held_for_no_reason,
    "planted-records-are-parked-once": planted_passed_over,
    "journeys-end": stuck,
    "messages-are-final": message_waiting,
    "copies-are-not-left-signing": copy_left_signing,
    "paid-dossiers-went-on": paid_and_waiting,
    "progress-was-paid": unpaid_and_gone_on,
    "forged-notifications-are-refused": forgery_accepted,
    "attempts-were-paid-at-the-gateway": attempt_paid_by_nobody,
    "accepted-notifications-were-true": untrue_notification_believed,
    "planted-records-change-nothing": planted_taken,
    "agencies-act-on-their-own": another_agency_decides,
    "agencies-speak-of-their-own": agency_out_of_place,
}
"""By the rule that has to catch it."""
