"""Every metric that payment owns. No label holds a dossier, an order or a person."""

from prometheus_client import Counter, Histogram

NOTIFICATIONS = Counter(
    "motcua_payment_notifications_total",
    "Notifications of gateways, by what they met.",
    ["gateway", "reception"],
)
STATEMENTS = Counter(
    "motcua_payment_statements_total",
    "Verified statements about attempts, by the way they came in and what they say.",
    ["gateway", "door", "outcome"],
)
ORDERS = Counter("motcua_payment_orders_total", "Orders, by the state they entered.", ["state"])
SUSPENDED = Counter(
    "motcua_payment_suspended_total", "Money put into suspense, by reason.", ["gateway", "reason"]
)
REFUNDS = Counter("motcua_payment_refunds_total", "Refunds requested, by reason.", ["reason"])
RECEIPTS = Counter("motcua_payment_receipts_total", "Receipts issued.", ["serial"])
QUERY_SECONDS = Histogram(
    "motcua_payment_query_seconds", "Time a gateway took to answer a query.", ["gateway"]
)
