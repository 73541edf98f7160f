"""Every metric that payment owns. No label holds a dossier, an order or a person."""

from prometheus_client import Counter, Gauge, Histogram

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
UNASKED = Counter(
    "motcua_payment_unasked_attempts_total",
    "Times that an attempt could not be asked about: its gateway is not set up.",
    ["gateway"],
)
MONEY_WITHOUT_PROGRESS = Gauge(
    "motcua_payment_money_without_progress_orders",
    "Paid orders whose dossiers do not go on: their facts are sent again, or that was given up.",
    ["redrive"],
)
MONEY_WITHOUT_PROGRESS_SECONDS = Gauge(
    "motcua_payment_money_without_progress_seconds", "Since when the oldest of them is paid."
)
PROGRESS_WITHOUT_MONEY = Gauge(
    "motcua_payment_progress_without_money_obligations",
    "Obligations that count as settled at intake, and that no order was paid for.",
)
PROGRESS_WITHOUT_MONEY_SECONDS = Gauge(
    "motcua_payment_progress_without_money_seconds", "Since when the oldest of them is known."
)
REDRIVES = Counter(
    "motcua_payment_redriven_dossiers_total",
    "Times that the facts of a dossier were sent again, because it is paid and does not go on.",
)
