"""Ways to lose something, or to charge, certify or tell it twice."""

from collections.abc import Mapping

from checker.contract import CERTIFICATIONS

from .spoiling import NOBODY, Spoil, Spoiled, mail
from .tiny_run import JUSTICE, Row


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
    s.files["ledgers/mail.jsonl"].append(mail(NOBODY))


def mailed_twice(s: Spoiled) -> None:
    s.files["ledgers/mail.jsonl"].append(mail(s.table("notification.messages")[-1]["id"]))


def mail_never_arrived(s: Spoiled) -> None:
    del s.files["ledgers/mail.jsonl"][-1]


def decision_ignored(s: Spoiled) -> None:
    for row in s.table("intake.event_log"):
        if row["headers"]["ce_type"] == "vn.motcua.dossier.supplement-requested.v1":
            row["headers"]["ce_type"] = "vn.motcua.dossier.deadline-near.v1"
    s.again()


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
}
"""By the rule that has to catch it."""
