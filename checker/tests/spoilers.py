"""For each rule one way to break it: a change to a sound run, made before it is written."""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping

from checker.contract import AGENCY_TOPIC, CERTIFICATIONS, DOSSIERS, PAYMENTS

from .tiny_run import JUSTICE, OFFICE, PLANNING, Files, Row, resealed
from .tiny_stories import held_row

JUSTICE_TOPIC = AGENCY_TOPIC.format(code=JUSTICE)
NOBODY = "ffffffff-0000-7000-8000-000000000000"


class Spoiled:
    """A sound run in whose files something is changed."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def table(self, name: str) -> list[Row]:
        """By `service.table`."""
        return self.files[f"databases/{name.replace('.', '/')}.jsonl"]

    def ledger(self, name: str, kind: str) -> list[Row]:
        return [row for row in self.files[f"ledgers/{name}.jsonl"] if row["kind"] == kind]

    def topic(self, topic: str, reader: str = "operator") -> list[Row]:
        return self.files[f"topics/1/{reader}/{topic}.jsonl"]

    def topics(self, topic: str) -> list[list[Row]]:
        """What each reader saw of its last generation."""
        ends = f"/{topic}.jsonl"
        return [
            rows
            for path, rows in self.files.items()
            if path[:9] == "topics/1/" and path.endswith(ends)
        ]

    def said(self, kind: str, command: str) -> Row:
        """The first line of the history of a kind, about a command of this name."""
        asked = {
            line["commandId"]: line
            for line in self.files["history.jsonl"]
            if line["kind"] == "invoke"
        }
        return next(
            line
            for line in self.files["history.jsonl"]
            if line["kind"] == kind and asked[line["commandId"]]["command"] == command
        )

    def forget(self, command: str) -> None:
        """The first command of this name was never given."""
        lines, given = self.files["history.jsonl"], self.said("invoke", command)["commandId"]
        lines[:] = [line for line in lines if line.get("commandId") != given]

    def event(self, fact: str, service: str = "intake") -> Row:
        """The first row of an event log of this fact."""
        type_ = f"vn.motcua.{fact}.v1"
        log = self.table(f"{service}.event_log")
        return next(row for row in log if row["headers"]["ce_type"] == type_)

    def say(self, row: Row, **facts: object) -> None:
        """Change what an event says, and let the log be sealed and published with that."""
        value = json.loads(bytes.fromhex(row["value"][2:]))
        row["value"] = "\\x" + json.dumps(value | facts).encode().hex()
        self.again()

    def again(self) -> None:
        """Seal and publish anew; what was planted stays planted."""
        planted = [
            line for line in self.topic(JUSTICE_TOPIC) if line["headers"][0][0] == "x-planted"
        ]
        resealed(self.files)
        self.topic(JUSTICE_TOPIC).extend(planted)


Spoil = Callable[[Spoiled], None]


def upload_without_row(s: Spoiled) -> None:
    s.said("ok", "upload")["fileId"] = NOBODY


def bytes_rotted(s: Spoiled) -> None:
    s.files["files/intake.jsonl"][0]["sha256"] = "0" * 64


def filing_without_papers(s: Spoiled) -> None:
    s.said("invoke", "file")["fileIds"] = [NOBODY]


def decision_without_papers(s: Spoiled) -> None:
    s.said("invoke", "supplement")["fileIds"] = [NOBODY]


def copy_of_another_scan(s: Spoiled) -> None:
    s.said("invoke", "request-copy")["sha256"] = "0" * 64


def attempt_of_another_order(s: Spoiled) -> None:
    s.said("invoke", "start-attempt")["orderId"] = NOBODY


def decision_unknown_to_the_gateway(s: Spoiled) -> None:
    s.said("invoke", "pay")["reference"] = "another"


def event_off_its_topic(s: Spoiled) -> None:
    for lines in s.topics(CERTIFICATIONS):
        del lines[-1]


def event_never_handled(s: Spoiled) -> None:
    received = s.event("dossier.received")["event_id"]
    inbox = s.table("notification.inbox")
    inbox.remove(next(row for row in inbox if row["event_id"] == received))


def agency_blind(s: Spoiled) -> None:
    del s.files[f"agencies/{JUSTICE}/seen.jsonl"][0]


def agency_silent(s: Spoiled) -> None:
    s.files[f"agencies/{JUSTICE}/answers.jsonl"][-1]["sent"] = 0


def obligation_forgotten(s: Spoiled) -> None:
    order = s.table("payment.orders")[0]
    s.table("payment.obligations")[0]["id"] = NOBODY
    order["lines"][0]["obligation_id"] = NOBODY


def ending_made_up(s: Spoiled) -> None:
    notes = [line for line in s.files["history.jsonl"] if line.get("note") == "journey-ended"]
    notes[0]["ending"] = "withdrawn"


def charge_unbooked(s: Spoiled) -> None:
    charged = dict(s.ledger("vnpay", "charged")[0])
    s.files["ledgers/vnpay.jsonl"].append(charged | {"transactionNo": "15", "txnRef": "x"})


def amount_off_by_one(s: Spoiled) -> None:
    s.ledger("vnpay", "charged")[0]["amount"] += 100


def booked_for_another(s: Spoiled) -> None:
    rows = s.table("payment.gateway_transactions")
    rows[0]["attempt_id"], rows[1]["attempt_id"] = rows[1]["attempt_id"], rows[0]["attempt_id"]


def booked_twice(s: Spoiled) -> None:
    row = dict(s.table("payment.gateway_transactions")[1])
    s.table("payment.gateway_transactions").append(row)


def paid_without_money(s: Spoiled) -> None:
    s.table("payment.gateway_transactions")[0]["order_id"] = None


def told_paid_twice(s: Spoiled) -> None:
    s.say(s.event("payment.succeeded", "payment"), amount=1)


def receipt_of_half(s: Spoiled) -> None:
    s.table("payment.orders")[0]["lines"][0]["amount"] //= 2


def receipt_number_skipped(s: Spoiled) -> None:
    s.table("payment.receipts")[-1]["number"] += 1
    s.say(_last(s, "payment.receipt-issued"), number=s.table("payment.receipts")[-1]["number"])


def _last(s: Spoiled, fact: str) -> Row:
    type_ = f"vn.motcua.{fact}.v1"
    return [r for r in s.table("payment.event_log") if r["headers"]["ce_type"] == type_][-1]


def receipt_altered(s: Spoiled) -> None:
    s.table("payment.receipts")[0]["document"] += " "


def late_money_kept(s: Spoiled) -> None:
    s.table("payment.gateway_transactions")[1]["suspended_for"] = "order-closed"
    del s.table("payment.refunds")[0]


def refund_forgotten(s: Spoiled) -> None:
    del s.table("payment.refunds")[-1]


def obligation_settled_by_nobody(s: Spoiled) -> None:
    s.table("payment.obligations")[0]["settled_by"] = None


def register_gap(s: Spoiled) -> None:
    for row in (s.table("certification.copies")[0], s.table("certification.register_entries")[0]):
        row["number"] = 2
    s.say(s.event("certification.copy-certified", "certification"), registerNumber=2)


def entry_void(s: Spoiled) -> None:
    s.table("certification.register_entries")[0]["state"] = "void"


def certified_without_number(s: Spoiled) -> None:
    s.table("certification.register_entries").clear()


def two_copies(s: Spoiled) -> None:
    copy = s.table("certification.copies")[0]
    s.table("certification.copies").append(copy | {"id": NOBODY, "state": "refused"})


def announced_with_another_digest(s: Spoiled) -> None:
    s.table("intake.certified_copies")[0]["sha256"] = "0" * 64
    s.say(s.event("certification.copy-certified", "certification"), sha256="0" * 64)


def copy_lost(s: Spoiled) -> None:
    copy = s.table("certification.copies")[0]
    files = s.files["files/certification.jsonl"]
    files.remove(next(row for row in files if row["name"] == copy["sha256"]))


def signed_twice(s: Spoiled) -> None:
    attempts = s.table("certification.signing_attempts")
    attempts.append(attempts[-1] | {"id": NOBODY})
    s.files["ledgers/trust.jsonl"] += s.ledger("trust", "stamped")[:3]


def certificate_not_noted(s: Spoiled) -> None:
    del s.table("certification.signing_certificates")[0]


def stamps_of_nobody(s: Spoiled) -> None:
    s.files["ledgers/trust.jsonl"] += s.ledger("trust", "stamped")[1:4]


def copy_for_nothing(s: Spoiled) -> None:
    dossier_id = s.table("certification.copies")[0]["dossier_id"]
    for order in s.table("payment.orders"):
        if order["dossier_id"] == dossier_id:
            order["dossier_id"] = NOBODY


def fact_not_told(s: Spoiled) -> None:
    told = s.table("notification.messages")[-1]
    other = s.table("notification.messages")[-2]
    told["fact_event_id"], told["channel"] = other["fact_event_id"], "sms"
    told["fact_type"] = other["fact_type"]


def told_twice(s: Spoiled) -> None:
    told = s.table("notification.messages")[-1]
    s.table("notification.messages").append(told | {"id": NOBODY})
    s.files["ledgers/mail.jsonl"].append(_mail(NOBODY))


def _mail(message_id: str) -> Row:
    return {
        "kind": "accepted",
        "id": "mail",
        "headers": {"Message-ID": f"<{message_id}@motcua.example>"},
    }


def mailed_twice(s: Spoiled) -> None:
    s.files["ledgers/mail.jsonl"].append(_mail(s.table("notification.messages")[-1]["id"]))


def mail_never_arrived(s: Spoiled) -> None:
    del s.files["ledgers/mail.jsonl"][-1]


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
    s.files["ledgers/mail.jsonl"].append(_mail(NOBODY))


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


def decision_ignored(s: Spoiled) -> None:
    for row in s.table("intake.event_log"):
        if row["headers"]["ce_type"] == "vn.motcua.dossier.supplement-requested.v1":
            row["headers"]["ce_type"] = "vn.motcua.dossier.deadline-near.v1"
    s.again()


ALSO: Mapping[str, tuple[str, ...]] = {
    "events-reach-their-topic": ("I8",),
    "events-reach-their-consumers": ("I5",),
    "consumed-facts-took-effect": ("I6", "I7"),
    "certified-copies-have-a-number": ("I1",),
    "dossiers-have-one-valid-copy": ("I6", "I7"),
    "certified-copies-were-paid": ("I1", "I7", "I9"),
    "messages-are-unique": ("I6",),
    "records-are-in-order": ("I8",),
    "repetitions-are-identical": ("I8",),
    "dossiers-were-filed": ("I1",),
    "one-key-has-one-effect": ("I1",),
    "causes-have-one-effect": ("I5", "I6"),
    "orders-were-asked-for": ("I6",),
    "topics-are-their-logs": ("I1",),
    "planted-records-change-nothing": ("I7",),
    "agencies-speak-of-their-own": ("I6",),
}
"""What else cannot be right when a rule is broken in that way: the other invariants that say so."""

SPOILERS: Mapping[str, Spoil] = {
    "uploads-are-kept": upload_without_row,
    "stored-files-are-whole": bytes_rotted,
    "filings-are-kept": filing_without_papers,
    "decisions-are-kept": decision_without_papers,
    "copies-are-kept": copy_of_another_scan,
    "attempts-are-kept": attempt_of_another_order,
    "payments-are-kept": decision_unknown_to_the_gateway,
    "events-reach-their-topic": event_off_its_topic,
    "events-reach-their-consumers": event_never_handled,
    "agencies-have-seen": agency_blind,
    "agencies-were-heard": agency_silent,
    "consumed-payments-have-their-order": obligation_forgotten,
    "consumed-facts-took-effect": decision_ignored,
    "endings-are-true": ending_made_up,
    "charges-are-booked": charge_unbooked,
    "bookings-were-charged": booked_for_another,
    "transactions-are-booked-once": booked_twice,
    "orders-are-paid-once": paid_without_money,
    "payments-are-announced-once": told_paid_twice,
    "paid-orders-have-their-receipts": receipt_of_half,
    "receipts-are-numbered-without-gap": receipt_number_skipped,
    "receipts-are-what-was-announced": receipt_altered,
    "late-money-is-suspended": late_money_kept,
    "ended-dossiers-get-their-money-back": refund_forgotten,
    "obligations-are-settled-by-their-order": obligation_settled_by_nobody,
    "registers-have-no-gap": register_gap,
    "entries-agree-with-copies": entry_void,
    "certified-copies-have-a-number": certified_without_number,
    "dossiers-have-one-valid-copy": two_copies,
    "copies-are-announced-once": announced_with_another_digest,
    "certified-files-are-kept": copy_lost,
    "copies-were-signed-once": signed_twice,
    "attempts-have-a-copy-under-a-number": certificate_not_noted,
    "stamps-are-accounted-for": stamps_of_nobody,
    "certified-copies-were-paid": copy_for_nothing,
    "facts-have-a-message": fact_not_told,
    "messages-are-unique": told_twice,
    "mails-are-sent-once": mailed_twice,
    "sent-messages-arrived": mail_never_arrived,
    "records-are-in-order": order_inverted,
    "repetitions-are-identical": repetition_differs,
    "dossiers-keep-to-a-partition": two_partitions,
    "consumers-follow-the-order": handled_in_the_wrong_order,
    "nothing-overtakes-what-is-held": parked_and_overtaken,
    "logs-are-sealed": log_edited,
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
