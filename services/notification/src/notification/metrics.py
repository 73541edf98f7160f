"""Every metric of notification."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "motcua_notification_messages_total",
    "Messages that came to a state.",
    ["state", "template", "reason"],
)
DUPLICATES = Counter(
    "motcua_notification_duplicate_facts_total", "Facts that had their message already."
)
LATE_ANSWERS = Counter(
    "motcua_notification_late_answers_total",
    "Answers to messages that had gone on without their sender.",
)
DELIVERY_SECONDS = Histogram(
    "motcua_notification_delivery_seconds", "Time a provider takes for one message.", ["provider"]
)
PROVIDER_AWAY = Counter(
    "motcua_notification_provider_away_total",
    "Times a provider took no messages at all.",
    ["provider"],
)
OPEN_MESSAGES = Gauge(
    "motcua_notification_open_messages",
    "Messages not yet at their end, and why the last attempt was none.",
    ["state", "reason"],
)
OLDEST_OPEN_SECONDS = Gauge(
    "motcua_notification_oldest_open_seconds", "Age of the oldest message not yet at its end."
)
WITHOUT_RECIPIENT = Gauge(
    "motcua_notification_messages_without_recipient",
    "Open messages whose recipient is not known yet.",
)
RECIPIENTS_PURGED = Counter("motcua_notification_recipients_purged_total", "Contacts deleted here.")
