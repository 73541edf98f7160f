"""What looks wrong and is not: the rules make room for what the product promises no more of."""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from checker import judge
from checker.contract import AGENCY_TOPIC, CERTIFICATIONS, RECIPIENTS
from checker.records import planted_id

from .spoiling import Spoiled
from .tiny_run import JUSTICE, Files, Row, write
from .tiny_stories import PLANTED, held_row, sound_run

TOPIC = AGENCY_TOPIC.format(code=JUSTICE)


def _violated(files: Files, folder: Path) -> dict[str, Any]:
    report = judge(write(files, folder))
    return {name: v.examples for name, v in report.verdicts.items() if v.violations}


def _hold(files: Files, **details: Any) -> None:
    row = held_row("intake.decisions", None, None) | {"topic": TOPIC, "id": 9, **details}
    files["databases/intake/held_messages.jsonl"].append(row)


def test_what_queues_behind_a_planted_record_is_explained(tmp_path: Path) -> None:
    files = sound_run()
    planted = files["databases/intake/held_messages.jsonl"][-1]
    behind = {"ordering_key": planted["ordering_key"], "reason": "queued-behind"}
    _hold(files, state="waiting", **behind)
    assert _violated(files, tmp_path) == {}


def test_what_an_agency_decides_too_late_may_not_rest(tmp_path: Path) -> None:
    """It has no effect, and that is all: nobody has to look at it (ADR 0040)."""
    files = sound_run()
    withdrawn = files["databases/intake/dossiers.jsonl"][-1]["id"]
    _hold(files, ordering_key=withdrawn, reason="illegal-transition")
    assert _violated(files, tmp_path).keys() == {"I9-liveness"}


def _inverted(files: Files) -> tuple[Row, Row]:
    """Two events of the copy, handled in the wrong order by their times."""
    inbox = files["databases/intake/inbox.jsonl"]
    first, second = [row for row in inbox if row["consumer"] == "intake.certified-copies"]
    first["received_at"], second["received_at"] = second["received_at"], first["received_at"]
    return first, second


def test_while_something_was_frozen_times_do_not_tell_an_order(tmp_path: Path) -> None:
    files = sound_run()
    first, _ = _inverted(files)
    fault = {"kind": "fault", "faultId": "f", "fault": "pause", "at": first["received_at"]}
    files["history.jsonl"].append(fault)
    assert _violated(files, tmp_path) == {}


def test_a_freeze_at_another_time_excuses_nothing(tmp_path: Path) -> None:
    files = sound_run()
    _inverted(files)
    fault = {"kind": "fault", "faultId": "f", "fault": "pause", "at": "2026-11-25T08:00:00Z"}
    heal = {"kind": "heal", "faultId": "f", "at": "2026-11-25T08:01:00Z"}
    files["history.jsonl"] += [fault, heal]
    assert _violated(files, tmp_path).keys() == {"I5-in-order"}


def test_a_compacted_topic_may_have_lost_what_was_said_again(tmp_path: Path) -> None:
    """Intake says a contact again when a copy ends; the first record of the dossier then goes."""
    files = sound_run()
    spoiled = Spoiled(files)
    log = spoiled.table("intake.event_log")
    first = next(row for row in log if row["topic"] == RECIPIENTS)
    revoked = spoiled.event("certification.copy-certified", "certification")["event_id"]
    again: Row = {**first, "event_id": "again", "sequence": 2, "position": len(log) + 1}
    again["headers"] = first["headers"] | {"ce_id": "again", "ce_sequence": "2"}
    again["headers"]["ce_causationid"] = revoked
    log.append(again)
    stream = (RECIPIENTS, first["subject"])
    for row in spoiled.table("intake.streams"):
        row["version"] += (row["topic"], row["subject"]) == stream
    inbox = spoiled.table("notification.inbox")
    inbox.append({**inbox[0], "consumer": "notification.recipients", "event_id": "again"})
    for row in spoiled.table("notification.recipients"):
        row["sequence"] += row["dossier_id"] == first["subject"]
    spoiled.again()
    for lines in spoiled.topics(RECIPIENTS):
        del lines[0]
    assert _violated(files, tmp_path) == {}


def test_a_planted_record_that_is_sound_must_be_handled(tmp_path: Path) -> None:
    """A field that a later version added."""
    files = sound_run()
    [note] = [line for line in files["history.jsonl"] if line.get("note") == "poison"]
    note["expects"] = "handled"
    assert _violated(files, tmp_path).keys() == {"I9-liveness"}

    files["databases/intake/held_messages.jsonl"].pop()
    headers = dict(Spoiled(files).topic(TOPIC)[-1]["headers"])
    event_id = _text(headers["ce_id"])
    inbox = files["databases/intake/inbox.jsonl"]
    row = {"consumer": "intake.decisions", "source": f"/agencies/{JUSTICE}", "event_id": event_id}
    inbox.append({**row, "received_at": "2026-11-25T10:59:00Z"})
    assert _violated(files, tmp_path) == {}


def _text(base64: str) -> str:
    return b64decode(base64).decode()


def test_a_planted_record_is_parked_for_the_reason_that_was_expected(tmp_path: Path) -> None:
    files = sound_run()
    files["databases/intake/held_messages.jsonl"][-1]["reason"] = "bug"
    assert _violated(files, tmp_path).keys() == {"I9-liveness"}


def test_a_planted_record_that_was_discarded_may_be_held_again(tmp_path: Path) -> None:
    """Offsets were set back, and it came again."""
    files = sound_run()
    held = files["databases/intake/held_messages.jsonl"]
    settled = {"state": "discarded", "settled_at": "2026-11-25T10:31:00+00:00"}
    held.append({**held[-1], "id": 3})
    held[-2].update(settled)
    assert _violated(files, tmp_path) == {}
    held.append({**held[-1], "id": 4})
    assert _violated(files, tmp_path).keys() == {"I9-liveness"}


def test_what_the_broker_did_not_take_is_nowhere(tmp_path: Path) -> None:
    files = sound_run()
    files["databases/intake/held_messages.jsonl"].pop()
    del Spoiled(files).topic(TOPIC)[-1]
    assert _violated(files, tmp_path).keys() == {"I9-liveness"}
    failed = {"kind": "note", "note": "fault-failed", "fault": "poison", "error": "timed out"}
    files["history.jsonl"].append(failed)
    assert _violated(files, tmp_path) == {}


def test_a_number_that_was_given_away_and_lost_is_a_gap(tmp_path: Path) -> None:
    files = sound_run()
    files["databases/certification/register_books.jsonl"][0]["last"] = 2
    files["databases/payment/receipt_series.jsonl"][0]["last_number"] += 1
    assert _violated(files, tmp_path).keys() == {"I2-charged-once", "I3-certified-once"}


def test_an_operator_may_send_a_mail_again(tmp_path: Path) -> None:
    files = sound_run()
    message = files["databases/notification/messages.jsonl"][-1]["id"]
    mails = files["ledgers/mail.jsonl"]
    mails.append(dict(mails[-1]))
    assert _violated(files, tmp_path).keys() == {"I4-told-once"}
    attempts = files["databases/notification/attempts.jsonl"]
    attempts.append({"id": "r", "message_id": message, "happening": "resend"})
    assert _violated(files, tmp_path) == {}


def test_a_charge_that_the_gateway_suspects_need_not_be_booked(tmp_path: Path) -> None:
    files = sound_run()
    ledger = files["ledgers/vnpay.jsonl"]
    suspected = {"transactionNo": "99", "txnRef": "suspected", "responseCode": "07"}
    ledger.append({**ledger[0], **suspected})
    assert _violated(files, tmp_path) == {}


def test_an_upload_without_an_answer_may_have_come_as_often_as_it_was_tried(tmp_path: Path) -> None:
    files = sound_run()
    rows = files["databases/intake/files.jsonl"]
    rows.append({**rows[0], "id": "again"})
    assert _violated(files, tmp_path).keys() == {"I7-nothing-invented"}
    Spoiled(files).said("ok", "upload")["tries"] = 2
    assert _violated(files, tmp_path) == {}


def test_one_reader_may_have_read_a_little_later(tmp_path: Path) -> None:
    files = sound_run()
    del Spoiled(files).topic(CERTIFICATIONS, f"agency-{JUSTICE}")[-1]
    rules = judge(write(files, tmp_path)).verdicts["I8-agreement"].rules
    assert rules["readers-agree"].violations == 0


def test_no_reader_may_miss_what_lies_between(tmp_path: Path) -> None:
    files = sound_run()
    del Spoiled(files).topic(CERTIFICATIONS, f"agency-{JUSTICE}")[0]
    rules = judge(write(files, tmp_path)).verdicts["I8-agreement"].rules
    assert rules["readers-agree"].violations == 1


def test_a_replayed_notification_may_be_answered_as_accepted(tmp_path: Path) -> None:
    """It is the gateway's own, and perhaps the first that arrived."""
    files = sound_run()
    Spoiled(files).said("ok", "forged-ipn")["rspCode"] = "00"
    assert _violated(files, tmp_path).keys() == {"I10-authority"}
    Spoiled(files).said("invoke", "forged-ipn")["how"] = "replayed"
    assert _violated(files, tmp_path) == {}


def test_marks_are_read_from_headers_alone() -> None:
    mark = b64encode(PLANTED.encode()).decode()
    assert planted_id([["x-planted", mark]]) == PLANTED
    assert planted_id([["X-Planted", mark], ["other", None]]) is None
