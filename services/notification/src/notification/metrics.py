"""Every metric of notification."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "notification_messages_total", "Messages that came to a state.", ["state", "template", "reason"]
)
DUPLICATES = Counter("notification_duplicate_facts_total", "Facts that had their message already.")
LATE_ANSWERS = Counter(
    "notification_late_answers_total",
    "Answers to messages that had gone on without their sender.",
)
DELIVERY_SECONDS = Histogram(
    "notification_delivery_seconds", "Time a provider takes for one message.", ["provider"]
)
PROVIDER_AWAY = Counter(
    "notification_provider_away_total", "Times a provider took no messages at all.", ["provider"]
)
OPEN_MESSAGES = Gauge("notification_open_messages", "Messages not yet at their end.", ["state"])
OLDEST_OPEN_SECONDS = Gauge(
    "notification_oldest_open_seconds", "Age of the oldest message not yet at its end."
)
WITHOUT_RECIPIENT = Gauge(
    "notification_messages_without_recipient", "Open messages whose recipient is not known yet."
)
RECIPIENTS_PURGED = Counter("notification_recipients_purged_total", "Contacts forgotten.")
