"""Every metric of the chassis. A message that comes to rest anywhere moves one of them: silence is
an alarm.
"""

import time

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter(
    "motcua_messages_total",
    "Records consumed, by what became of them.",
    ["consumer", "outcome"],
)
"""Outcomes: handled, duplicate, no-handler, waiting, parked; retried is a held one handled."""

PASSED_OVER = Counter(
    "motcua_passed_over_total", "Records of known types without a handler.", ["consumer", "type"]
)
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
UNCONSUMED_RECORDS = Gauge(
    "motcua_unconsumed_records", "Records that a consumer has not taken.", ["consumer"]
)
UNCONSUMED_AGE_SECONDS = Gauge(
    "motcua_unconsumed_age_seconds", "Age of the oldest of them.", ["consumer"]
)
CONSUMER_HEALTHY = Gauge(
    "motcua_consumer_healthy", "1 while the poll loop and the coordinator live.", ["consumer"]
)

EVENTS_PUBLISHED = Counter("motcua_events_published_total", "Events acknowledged by the broker.")
RELAY_FAILURES = Counter("motcua_relay_failures_total", "Interruptions of the relay.", ["error"])
RELAY_LEASE = Gauge("motcua_relay_lease", "1 while this process holds the relay's lease.")
OUTBOX_ROWS = Gauge("motcua_outbox_rows", "Events that wait to be published.")
OUTBOX_AGE_SECONDS = Gauge("motcua_outbox_age_seconds", "Age of the oldest unpublished event.")
HELD_ROWS = Gauge("motcua_held_messages", "Messages held now.", ["consumer", "state", "reason"])
HELD_AGE_SECONDS = Gauge(
    "motcua_held_age_seconds", "Age of the oldest message held now.", ["consumer"]
)

SWEEP_FAILURES = Counter("motcua_sweep_failures_total", "Runs of a sweep that failed.", ["sweep"])
SWEEP_LAST_SUCCESS = Gauge(
    "motcua_sweep_last_success_timestamp_seconds", "When a sweep last ended well.", ["sweep"]
)

SWALLOWED = Counter(
    "motcua_swallowed_errors_total", "Errors after which work went on all the same.", ["where"]
)
REQUEST_BUGS = Counter("motcua_request_bugs_total", "Requests that met a bug: answered with 500.")


def tell_age(gauge: Gauge, seconds: float) -> None:
    """Set an age that grows at each scrape, also while nobody is able to measure it anew."""
    since = time.monotonic() - seconds
    gauge.set_function(lambda: time.monotonic() - since if seconds else 0.0)
