"""Ways to break order, fold and origin of events."""

from base64 import b64decode, b64encode
from collections.abc import Mapping

from checker.contract import CERTIFICATIONS, PAYMENTS

from .spoiling import NOBODY, Spoil, Spoiled, mail
from .tiny_run import Row
from .tiny_stories import held_row


def order_inverted(s: Spoiled) -> None:
    for lines in s.topics(CERTIFICATIONS):
        lines[0]["offset"], lines[1]["offset"] = lines[1]["offset"], lines[0]["offset"]


def repetition_differs(s: Spoiled) -> None:
    for lines in s.topics(PAYMENTS):
        lines[-1]["value"] = b64encode(b64decode(lines[-1]["value"]) + b" ").decode()


def two_partitions(s: Spoiled) -> None:
    for lines in s.topics(CERTIFICATIONS):
        lines[1]["partition"] = 1


def handled_in_the_wrong_order(s: Spoiled) -> None:
    rows = [row for row in s.table("intake.inbox") if row["consumer"] == "intake.certified-copies"]
    rows[0]["received_at"], rows[1]["received_at"] = rows[1]["received_at"], rows[0]["received_at"]


def parked_and_overtaken(s: Spoiled) -> None:
    rows = [row for row in s.table("intake.inbox") if row["consumer"] == "intake.certified-copies"]
    held = held_row("intake.certified-copies", None, None) | {
        "topic": CERTIFICATIONS,
        "ordering_key": s.table("certification.copies")[0]["dossier_id"],
        "held_at": rows[0]["received_at"],
        "settled_at": "2026-11-25T23:00:00+00:00",
        "state": "discarded",
    }
    s.table("intake.held_messages").append(held)


def log_edited(s: Spoiled) -> None:
    row = s.table("payment.event_log")[2]
    row["hash"] = "\\x" + "00" * 32


def log_columns_differ(s: Spoiled) -> None:
    s.table("payment.event_log")[2]["event_id"] = NOBODY
    s.again()


def stream_ahead(s: Spoiled) -> None:
    s.table("intake.streams")[0]["version"] += 1


def status_out_of_the_list(s: Spoiled) -> None:
    s.say(s.event("dossier.received"), status=4)


def status_is_not_the_fold(s: Spoiled) -> None:
    s.table("intake.dossiers")[1]["status"] = 9
    for line in s.files["history.jsonl"]:
        if line.get("dossierId") == s.table("intake.dossiers")[1]["id"] and "ending" in line:
            line["ending"] = "abandoned"


def paper_made_up(s: Spoiled) -> None:
    paper = s.table("intake.papers")[0]
    s.table("intake.papers").append(paper | {"id": NOBODY})


def order_amount_changed(s: Spoiled) -> None:
    s.say(s.event("payment.requested", "payment"), amount=1)


def copy_state_untold(s: Spoiled) -> None:
    s.table("certification.copies")[0]["state"] = "revoked"


def message_state_untold(s: Spoiled) -> None:
    s.table("notification.messages")[-1]["state"] = "outcome-unknown"


def copy_unrecognised(s: Spoiled) -> None:
    s.table("intake.certified_copies")[0]["state"] = "revoked"


def contact_outdated(s: Spoiled) -> None:
    s.table("notification.recipients")[0]["ciphertext"] = "older"


def certification_missed_it(s: Spoiled) -> None:
    s.table("certification.dossiers")[0]["owes"] = True


def payment_missed_it(s: Spoiled) -> None:
    s.table("payment.dossiers")[-1]["ended_for"] = None


def dossier_from_nowhere(s: Spoiled) -> None:
    for line in s.files["history.jsonl"]:
        if line.get("dossierId") == s.table("intake.dossiers")[0]["id"] and line["kind"] == "ok":
            line["dossierId"], line["code"] = (
                s.table("intake.dossiers")[1][n] for n in ("id", "code")
            )
    s.table("intake.idempotency_keys")[0]["key"] = "another"


def one_key_two_dossiers(s: Spoiled) -> None:
    other = s.table("intake.dossiers")[1]
    s.said("ok", "file").update(dossierId=other["id"], code=other["code"])


def other_body_taken(s: Spoiled) -> None:
    s.said("fail", "file").update(kind="ok", dossierId=s.table("intake.dossiers")[0]["id"])


def refused_and_done(s: Spoiled) -> None:
    key = "refused-key"
    line = {"kind": "invoke", "commandId": "c", "command": "receive", "key": key}
    s.files["history.jsonl"] += [line, {"kind": "fail", "commandId": "c"}]
    s.table("intake.idempotency_keys").append({"key": key, "body": None})


def file_from_nowhere(s: Spoiled) -> None:
    s.table("intake.files").append(s.table("intake.files")[0] | {"id": NOBODY})


def attempt_from_nowhere(s: Spoiled) -> None:
    row = s.table("payment.attempts")[0]
    s.table("payment.attempts").append(row | {"id": NOBODY, "reference": "made", "state": "failed"})


def copy_unapproved(s: Spoiled) -> None:
    s.forget("approve-copy")


def received_by_nobody(s: Spoiled) -> None:
    s.forget("receive")


def answered_twice(s: Spoiled) -> None:
    started = s.event("dossier.processing-started")
    row: Row = started | {"event_id": NOBODY, "headers": dict(started["headers"])}
    row["headers"] |= {"ce_id": NOBODY, "ce_sequence": "9"}
    row |= {"sequence": 9, "position": len(s.table("intake.event_log")) + 1}
    s.table("intake.event_log").append(row)
    s.again()


def order_from_nowhere(s: Spoiled) -> None:
    order = s.table("payment.orders")[-1]
    s.table("payment.orders").append(order | {"id": NOBODY, "lines": []})


def handled_what_nobody_wrote(s: Spoiled) -> None:
    row = s.table("payment.inbox")[0]
    s.table("payment.inbox").append(row | {"event_id": NOBODY})


def message_tells_another_fact(s: Spoiled) -> None:
    s.table("notification.messages")[-1]["fact_type"] = "vn.motcua.dossier.refused.v1"


def mail_of_nobody(s: Spoiled) -> None:
    s.files["ledgers/mail.jsonl"].append(mail(NOBODY))


def audit_blind(s: Spoiled) -> None:
    notes = [line for line in s.files["history.jsonl"] if line.get("note") == "audited"]
    notes[-1]["intact"] = True


SPOILERS: Mapping[str, Spoil] = {
    "records-are-in-order": order_inverted,
    "repetitions-are-identical": repetition_differs,
    "dossiers-keep-to-a-partition": two_partitions,
    "consumers-follow-the-order": handled_in_the_wrong_order,
    "nothing-overtakes-what-is-held": parked_and_overtaken,
    "logs-are-sealed": log_edited,
    "audits-told-the-truth": audit_blind,
    "log-rows-are-their-events": log_columns_differ,
    "streams-count-their-events": stream_ahead,
    "dossiers-go-as-the-list-allows": status_out_of_the_list,
    "dossiers-are-the-fold": status_is_not_the_fold,
    "papers-are-the-fold": paper_made_up,
    "orders-are-the-fold": order_amount_changed,
    "copies-are-the-fold": copy_state_untold,
    "messages-are-the-fold": message_state_untold,
    "recognised-copies-are-the-fold": copy_unrecognised,
    "contacts-are-the-newest": contact_outdated,
    "certification-follows-its-dossiers": certification_missed_it,
    "payment-follows-its-dossiers": payment_missed_it,
    "dossiers-were-filed": dossier_from_nowhere,
    "one-key-has-one-effect": one_key_two_dossiers,
    "other-bodies-are-refused": other_body_taken,
    "refused-commands-changed-nothing": refused_and_done,
    "files-were-uploaded": file_from_nowhere,
    "attempts-were-started": attempt_from_nowhere,
    "copies-were-asked-for": copy_unapproved,
    "facts-have-their-origin": received_by_nobody,
    "causes-have-one-effect": answered_twice,
    "orders-were-asked-for": order_from_nowhere,
    "consumers-took-what-was-written": handled_what_nobody_wrote,
    "messages-tell-facts": message_tells_another_fact,
    "mails-have-their-message": mail_of_nobody,
}
"""By the rule that has to catch it."""
