"""I2: what the gateway took is on our books, to the đồng, once; each payment has one receipt."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping

from checker.reading import Row
from checker.run import Run
from checker.verdicts import Harm, Looks, Rule

GATEWAY = "vnpay"
ON_THE_WIRE = 100
"""VNPAY counts in hundredths of a đồng."""
SUCCESS = "00"
PAID_STATES = ("paid", "refunding")
GIVEN_BACK = frozenset({"order-expired", "order-closed", "already-paid"})
"""Reasons of suspense after which nobody can have earned the money."""


def charges(run: Run) -> Mapping[str, Row]:
    """What the gateway says that it took, by its transaction number."""
    entries = (entry for entry in run.ledger(GATEWAY) if entry["kind"] == "charged")
    return {entry["transactionNo"]: entry for entry in entries}


def charges_are_booked(run: Run) -> Looks:
    """Each charge in the gateway's ledger is on our books with its amount. One that the gateway
    itself suspects (07) need not be.
    """
    for number, entry in charges(run).items():
        row = run.payment.find("gateway_transactions", number, "transaction_id")
        if row is None:
            suspected = entry["responseCode"] != SUCCESS
            yield None if suspected else f"{number} was charged, and is on no book"
        elif row["amount"] * ON_THE_WIRE != entry["amount"]:
            yield f"{number} was charged with {entry['amountDong']} ₫, booked as {row['amount']} ₫"
        else:
            yield None


def bookings_were_charged(run: Run) -> Looks:
    """Each transaction on our books was charged by the gateway, for the attempt that it names."""
    charged = charges(run)
    for row in run.payment.table("gateway_transactions"):
        entry = charged.get(row["transaction_id"])
        attempt = run.payment.find("attempts", row["attempt_id"])
        if row["gateway"] != GATEWAY or entry is None:
            yield f"transaction {row['transaction_id']} is booked, and was never charged"
        elif attempt is not None and attempt["reference"] != entry["txnRef"]:
            yield f"transaction {row['transaction_id']} is booked for another attempt"
        else:
            yield None


def transactions_are_booked_once(run: Run) -> Looks:
    """No transaction of the gateway is on our books twice."""
    rows = run.payment.table("gateway_transactions")
    times = Counter((row["gateway"], row["transaction_id"]) for row in rows)
    for (_, number), count in times.items():
        yield None if count == 1 else f"transaction {number} is booked {count} times"


def orders_are_paid_once(run: Run) -> Looks:
    """A paid order has exactly one transaction that pays it, of its amount; any other none."""
    paying: dict[str, list[Row]] = defaultdict(list)
    for row in run.payment.table("gateway_transactions"):
        if row["suspended_for"] is None and row["order_id"]:
            paying[row["order_id"]].append(row)
    for order in run.payment.table("orders"):
        amounts = [row["amount"] for row in paying.get(order["id"], ())]
        expected = [order["amount"]] if order["state"] in PAID_STATES else []
        state = f"order {order['id']} is {order['state']}, {order['amount']} ₫"
        yield None if amounts == expected else f"{state}, and is paid with {amounts}"


def payments_are_announced_once(run: Run) -> Looks:
    """Each paid order has one `payment.succeeded`, of its amount; any other order none."""
    told: dict[str, list[int]] = defaultdict(list)
    for event in run.payment.announced:
        if event.fact == "payment.succeeded":
            facts = event.facts
            told[facts["orderId"]].append(facts["amount"])
    for order in run.payment.table("orders"):
        expected = [order["amount"]] if order["state"] in PAID_STATES else []
        amounts = told.get(order["id"], [])
        yield None if amounts == expected else f"order {order['id']} was told paid with {amounts}"


def paid_orders_have_their_receipts(run: Run) -> Looks:
    """A paid order has one receipt for each kind of money (phí, lệ phí), of its sum; any other
    order none.
    """
    receipts = run.payment.groups("receipts", "order_id")
    for order in run.payment.table("orders"):
        due: Counter[str] = Counter()
        for line in order["lines"]:
            due[line["kind"]] += line["amount"]
        paid = order["state"] in PAID_STATES
        expected = sorted((kind, amount) for kind, amount in due.items() if paid and amount)
        found = sorted((row["kind"], row["amount"]) for row in receipts.get(order["id"], ()))
        yield None if found == expected else f"order {order['id']} has the receipts {found}"


def receipts_are_numbered_without_gap(run: Run) -> Looks:
    """Receipts count 1…n within template and serial, up to the last number that was given away: no
    number twice, none missing.
    """
    series: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in run.payment.table("receipts"):
        series[row["template"], row["serial"]].append(row["number"])
    last = {
        (row["template"], row["serial"]): row["last_number"]
        for row in run.payment.table("receipt_series")
    }
    for template, serial in series.keys() | last.keys():
        numbers = series[template, serial]
        counted = Counter(numbers)
        for number in range(1, max([last.get((template, serial), 0), *numbers]) + 1):
            times = counted[number]
            name = f"receipt {template} {serial} {number}"
            yield None if times == 1 else f"{name} is there {times} times"


def receipts_are_what_was_announced(run: Run) -> Looks:
    """Each receipt's document has the digest that its event says, and number and amount agree."""
    told = {
        facts["receiptId"]: facts
        for event in run.payment.announced
        if event.fact == "payment.receipt-issued" and (facts := event.facts)
    }
    for row in run.payment.table("receipts"):
        facts = told.get(row["id"])
        sha256 = hashlib.sha256(row["document"].encode()).hexdigest()
        if facts is None:
            yield f"receipt {row['id']} was never announced"
        elif not sha256 == row["sha256"] == facts["sha256"]:
            yield f"receipt {row['id']} is not the document that was announced"
        elif any(row[name] != facts[name] for name in ("serial", "number", "amount")):
            yield f"receipt {row['id']} has not the number or amount that was announced"
        else:
            yield None


def late_money_is_suspended(run: Run) -> Looks:
    """Money that fits no open order says so, is announced, and is to go back where nobody can have
    earned it.
    """
    told = {
        facts["suspenseId"]
        for event in run.payment.announced
        if event.fact == "payment.suspended" and (facts := event.facts)
    }
    refunds = run.payment.groups("refunds", "money_id")
    for row in run.payment.table("gateway_transactions"):
        order = run.payment.find("orders", row["order_id"])
        reason, number = row["suspended_for"], row["transaction_id"]
        if reason is None:
            paid = order is not None and order["state"] in PAID_STATES
            yield None if paid else f"transaction {number} pays an order that is not paid"
        elif row["id"] not in told:
            yield f"transaction {number} is suspended, and nobody was told"
        elif reason in GIVEN_BACK and len(refunds.get(row["id"], ())) != 1:
            yield f"transaction {number} came for nothing, and is not to go back"
        else:
            yield None


def ended_dossiers_get_their_money_back(run: Run) -> Looks:
    """An order that is being refunded has one refund of the money that paid it; one that is not
    has none.
    """
    refunds = run.payment.groups("refunds", "money_id")
    for row in run.payment.table("gateway_transactions"):
        order = run.payment.find("orders", row["order_id"])
        if row["suspended_for"] is None and order is not None:
            amounts = [refund["amount"] for refund in refunds.get(row["id"], ())]
            expected = [row["amount"]] if order["state"] == "refunding" else []
            state = f"order {order['id']} is {order['state']}"
            yield None if amounts == expected else f"{state}, its money goes back as {amounts}"


def obligations_are_settled_by_their_order(run: Run) -> Looks:
    """Who settled an obligation is a paid order that asks for it, and a paid order settled all that
    it asks for.
    """
    settled = {row["id"]: row["settled_by"] for row in run.payment.table("obligations")}
    for order in run.payment.table("orders"):
        for line in order["lines"]:
            by = settled.get(line["obligation_id"])
            paid = order["state"] in PAID_STATES
            name = f"obligation {line['obligation_id']} of order {order['id']} ({order['state']})"
            yield f"{name} is settled by {by}" if paid != (by == order["id"]) else None


RULES = (
    Rule(charges_are_booked, Harm.LOST),
    Rule(bookings_were_charged, Harm.FALSE),
    Rule(transactions_are_booked_once, Harm.DUPLICATED),
    Rule(orders_are_paid_once, Harm.DUPLICATED),
    Rule(payments_are_announced_once, Harm.DUPLICATED),
    Rule(paid_orders_have_their_receipts, Harm.DUPLICATED),
    Rule(receipts_are_numbered_without_gap),
    Rule(receipts_are_what_was_announced),
    Rule(late_money_is_suspended, Harm.LOST),
    Rule(ended_dossiers_get_their_money_back, Harm.LOST),
    Rule(obligations_are_settled_by_their_order),
)
