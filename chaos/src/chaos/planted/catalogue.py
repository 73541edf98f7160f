"""Every planted bug, and how it is brought to light."""

from collections.abc import Mapping

from chaos.planted.bug import Plan, Planted
from motcua_local.surroundings import SERVICES

_ALL = (
    Planted(
        "acknowledged-before-commit",
        ("notification",),
        {"chassis.consumer:Consumer._on_batch": "consuming:acknowledge_first"},
        caught_by=("I1",),
        plan=Plan(failpoints={"notification": "consumer.before-commit/notification.facts=crash@4"}),
    ),
    Planted(
        "no-inbox",
        ("payment",),
        {"chassis.inbox:record": "consuming:remember_nothing"},
        caught_by=("I1",),
        plan=Plan(failpoints={"payment": "consumer.after-commit/payment.dossiers=crash@3"}),
    ),
    Planted(
        "inbox-outside-the-transaction",
        ("payment",),
        {"chassis.inbox:record": "consuming:remember_at_once"},
        caught_by=("I1",),
        plan=Plan(failpoints={"payment": "consumer.before-commit/payment.dossiers=crash@3"}),
    ),
    Planted(
        "outbox-after-commit",
        ("intake",),
        {
            "chassis.work:Work.flush": "publishing:flush_rows_alone",
            "chassis.app:Service.transaction": "publishing:append_afterwards",
        },
        caught_by=("I6",),
        plan=Plan(failpoints={"intake": "planted.between-commits=crash@9"}),
    ),
    Planted(
        "cursor-relay",
        ("intake",),
        {
            "chassis.relay:Relay._fetch": "publishing:fetch_after_the_last",
            "chassis.outbox:append": "publishing:append_slowly",
        },
        caught_by=("I1", "I9"),
        plan=Plan(failpoints={"intake": "planted.appended=delay:2@9"}),
    ),
    Planted(
        "two-relays-without-a-lease",
        ("intake",),
        {
            "chassis.relay:Relay.run": "publishing:run_two",
            "chassis.relay:Relay._lease": "publishing:lease_nothing",
            "chassis.relay:Relay._publish": "publishing:publish_one_by_one",
        },
        caught_by=("I5",),
        plan=Plan(failpoints={"intake": "planted.in-hand/first=delay:0.4"}),
    ),
    Planted(
        "deleted-before-acknowledged",
        ("intake",),
        {
            "chassis.relay:Relay._send": "publishing:send_later",
            "chassis.relay:Relay._settle": "publishing:move_first",
        },
        caught_by=("I1",),
        plan=Plan(failpoints={"intake": "planted.deleted=crash@5"}),
    ),
    Planted(
        "amount-not-checked",
        ("payment",),
        {"payment.settlement:judge": "paying:judge_without_amount"},
        caught_by=("I10",),
        plan=Plan(kinds=("record",), strikes=("wrong-amounts",)),
    ),
    Planted(
        "signature-not-checked",
        ("payment",),
        {"payment.gateways.vnpay:verifies": "paying:believe_every_signature"},
        caught_by=("I2", "I10"),
        plan=Plan(kinds=("record",), insistent=True),
    ),
    Planted(
        "ordered-by-time",
        ("intake",),
        {
            "chassis.relay:Relay._fetch": "publishing:fetch_by_time",
            "chassis.work:Work.__init__": "publishing:begin_by_either_clock",
        },
        caught_by=("I5",),
        plan=Plan(
            kinds=("record-withdrawn-unpaid",), failpoints={"intake": "relay.before-send=delay:5"}
        ),
    ),
    Planted(
        "committed-without-offsets",
        ("notification",),
        {
            "chassis.consumer:Consumer.process": "consuming:process_once",
            "chassis.consumer:Consumer._commit": "consuming:commit_positions",
        },
        caught_by=("I1",),
        plan=Plan(failpoints={"notification": "consumer.before-commit/notification.facts=raise@4"}),
    ),
    Planted(
        "parked-key-overtaken",
        ("notification",),
        {"chassis.held_messages:blocked": "consuming:let_overtake"},
        caught_by=("I5",),
        plan=Plan(strikes=("inserts-fail",)),
    ),
    Planted(
        "hash-chain-not-continued",
        ("intake",),
        {"chassis.relay:Relay._head": "publishing:begin_chain_anew"},
        caught_by=("I6",),
        plan=Plan(failpoints={"intake": "relay.after-move=crash@6"}),
    ),
    Planted(
        "hash-chain-not-checked",
        ("intake",),
        {"operations.audit:seal": "auditing:believe_the_row"},
        caught_by=("I6",),
        plan=Plan(strikes=("logs-altered",)),
    ),
    Planted(
        "mailed-before-commit",
        ("notification",),
        {
            "notification.dispatcher:Dispatcher._hand_over": "telling:hand_over_unrecorded",
            "notification.dispatcher:Dispatcher._settle": "telling:record_afterwards",
        },
        caught_by=("I4",),
        plan=Plan(
            failpoints={"notification": "notification.smtp.after-data=crash@5"},
            settings={"NOTIFICATION_SMTP_TIMEOUT_SECONDS": "3"},
        ),
    ),
    Planted(
        "redriven-without-inbox",
        ("notification",),
        {"chassis.consumer:Consumer._retry": "consuming:retry_unmarked"},
        caught_by=("I1",),
        plan=Plan(failpoints={"notification": "consumer.before-commit/notification.facts=raise"}),
    ),
    Planted(
        "signed-before-numbered",
        ("certification",),
        {
            "certification.work:CertificationWork._take_number": (
                "certifying:look_at_the_next_number"
            ),
            "certification.work:CertificationWork._settle_entry": (
                "certifying:take_the_number_signed"
            ),
        },
        caught_by=("I3",),
        plan=Plan(
            dossiers=4,
            kinds=("copy",),
            failpoints={"certification": "certification.after-sign=delay:12"},
        ),
    ),
    Planted(
        "numbered-outside-the-transaction",
        ("certification",),
        {
            "certification.repository:RegisterEntries.next_number": (
                "certifying:take_a_number_at_once"
            )
        },
        caught_by=("I3",),
        plan=Plan(
            dossiers=4, kinds=("copy",), failpoints={"certification": "planted.numbered=crash@2"}
        ),
    ),
    Planted(
        "idempotency-key-ignored",
        ("intake",),
        {"chassis.idempotency:_claim": "asking:claim_always"},
        caught_by=("I7",),
        plan=Plan(insistent=True),
    ),
    Planted(
        "file-acknowledged-before-rename",
        ("intake",),
        {"documents.store:FileStore.store": "asking:store_later"},
        caught_by=("I1",),
        plan=Plan(failpoints={"intake": "planted.acknowledged=crash@4"}),
    ),
)

BUGS: Mapping[str, Planted] = {bug.name: bug for bug in _ALL}

CONTROL = Planted(
    "none",
    SERVICES,
    {},
    caught_by=(),
    plan=Plan(
        dossiers=32,
        kinds=("record", "registration", "copy", "record-withdrawn-unpaid"),
        failpoints={
            "intake": "relay.before-send=delay:1.5,relay.after-move=crash@6",
            "payment": "consumer.before-commit/payment.dossiers=crash@3",
            "certification": "certification.after-sign=crash@2",
            "notification": "notification.smtp.after-data=crash@5",
        },
        settings={"NOTIFICATION_SMTP_TIMEOUT_SECONDS": "3"},
        strikes=("wrong-amounts", "inserts-fail", "logs-altered"),
        insistent=True,
    ),
)
"""No bug at all, and everything that brings bugs to light: nothing may be found."""
