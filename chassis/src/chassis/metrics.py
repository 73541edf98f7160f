"""Every metric of the chassis. A message that comes to rest anywhere moves one of them: silence is
an alarm.
"""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "motcua_messages_total",
    "Records consumed, by what became of them.",
    ["consumer", "outcome"],
)
"""Outcomes: handled, duplicate, no-handler, waiting, parked; retried is a held one handled."""

HELD_REASONS = Counter(
    "motcua_held_total", "Records held, and retries that failed, by reason.", ["consumer", "reason"]
)
BATCH_SECONDS = Histogram("motcua_batch_seconds", "Time from poll to offset commit.", ["consumer"])
BATCH_FALLBACKS = Counter(
    "motcua_batch_fallbacks_total", "Batches that failed and ran one by one.", ["consumer"]
)
COMMIT_FAILURES = Counter(
    "motcua_offset_commit_failures_total", "Offset commits that failed.", ["consumer"]
)
WAITS = Counter(
    "motcua_batch_waits_total", "Times a batch had to wait: nothing could be written.", ["consumer"]
)
LAG_SECONDS = Gauge(
    "motcua_consumer_lag_seconds", "Age of the newest record taken in the last batch.", ["consumer"]
)
CONSUMER_HEALTHY = Gauge(
    "motcua_consumer_healthy", "1 while the poll loop and the coordinator live.", ["consumer"]
)

EVENTS_PUBLISHED = Counter("motcua_events_published_total", "Events acknowledged by the broker.")
RELAY_FAILURES = Counter("motcua_relay_failures_total", "Interruptions of the relay.", ["error"])
RELAY_LEASE = Gauge("motcua_relay_lease", "1 while this process holds the relay's lease.")
OUTBOX_ROWS = Gauge("motcua_outbox_rows", "Events that wait to be published.")
OUTBOX_AGE_SECONDS = Gauge("motcua_outbox_age_seconds", "Age of the oldest unpublished event.")
HELD_ROWS = Gauge("motcua_held_messages", "Messages held now.", ["consumer", "state"])
HELD_AGE_SECONDS = Gauge("motcua_held_age_seconds", "Age of the oldest message held now.")

SWEEP_FAILURES = Counter("motcua_sweep_failures_total", "Runs of a sweep that failed.", ["sweep"])
SWEEP_LAST_SUCCESS = Gauge(
    "motcua_sweep_last_success_timestamp_seconds", "When a sweep last ended well.", ["sweep"]
)
