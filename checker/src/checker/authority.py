"""I10: nothing changed because somebody said so who may not, or who was not who they said."""

from checker.charged_once import ON_THE_WIRE, charges
from checker.contract import agency_of_source
from checker.planted import expects_handling, notes, records
from checker.run import Run
from checker.verdicts import Looks, Rule

ACCEPTED = "00"


def forged_notifications_are_refused(run: Run) -> Looks:
    """No forged notification of a gateway is answered as accepted; a true one that is only sent
    again may be.
    """
    for command in run.history.ok("forged-ipn"):
        accepted = command.told.get("rspCode") == ACCEPTED
        true = str(command.asked.get("how", "")).startswith("replay")
        name = f"{command} ({command.asked.get('how')}) about {command.asked.get('reference')}"
        yield f"{name} was accepted" if accepted and not true else None


def attempts_were_paid_at_the_gateway(run: Run) -> Looks:
    """An attempt counts as paid only if the gateway charged it."""
    charged = {entry["txnRef"] for entry in charges(run).values()}
    for row in run.payment.table("attempts"):
        if row["state"] in {"paid", "suspended"}:
            true = row["reference"] in charged
            yield None if true else f"attempt {row['reference']} is {row['state']}, not charged"


def accepted_notifications_were_true(run: Run) -> Looks:
    """Each notification of a payment that was accepted says what the gateway did."""
    charged = charges(run)
    for row in run.payment.table("gateway_notifications"):
        if row["reception"] == "accepted" and row["outcome"] == "paid":
            entry = charged.get(row["transaction_id"])
            true = (
                entry is not None
                and entry["txnRef"] == row["reference"]
                and entry["amount"] == row["amount"] * ON_THE_WIRE
            )
            yield None if true else f"notification {row['id']} was believed, and is not true"


def planted_records_change_nothing(run: Run) -> Looks:
    """No planted record was taken effect of, nor answered with any fact."""
    known = notes(run)
    caused = {event.cause for event in run.written.values()}
    handled = {key for db in run.databases.values() for inbox in db.inbox.values() for key in inbox}
    for record in records(run):
        note = known.get(record.planted or "")
        if record.event in run.written or expects_handling(note):
            continue
        effective = record.event in handled or (record.id != "" and record.id in caused)
        yield f"planted record {record.planted} took effect: {record}" if effective else None


def agencies_act_on_their_own(run: Run) -> Looks:
    """What became of a dossier because an agency said so was said by its competent agency."""
    sources = {event.id: event.source for event in run.written.values()}
    for event in run.intake.announced:
        agency = agency_of_source(sources.get(event.cause or "", ""))
        if agency is not None:
            competent = event.facts.get("agency")
            yield None if competent == agency else f"{event} was brought about by {agency}"


def agencies_speak_of_their_own(run: Run) -> Looks:
    """An agency's system spoke of dossiers alone that it is competent for."""
    for agency in run.agencies.values():
        for subject in {event.subject for event in agency.answers}:
            row = run.intake.find("dossiers", subject)
            own = row is not None and row["competent_agency"] == agency.code
            yield None if own else f"agency {agency.code} spoke of dossier {subject}"


RULES = tuple(
    Rule(check)
    for check in (
        forged_notifications_are_refused,
        attempts_were_paid_at_the_gateway,
        accepted_notifications_were_true,
        planted_records_change_nothing,
        agencies_act_on_their_own,
        agencies_speak_of_their_own,
    )
)
