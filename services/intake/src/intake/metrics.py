"""Every metric that intake owns. No label holds a dossier or a person."""

from prometheus_client import Counter, Gauge, Histogram

FACTS = Counter(
    "motcua_intake_facts_total",
    "Facts about dossiers: registered, received, overdue and so on.",
    ["procedure", "fact"],
)
REMARKS = Counter(
    "motcua_intake_decisions_without_effect_total",
    "Decisions that changed nothing: repeated, or money for a closed dossier.",
    ["remark"],
)
UPLOADED_BYTES = Histogram(
    "motcua_intake_uploaded_bytes",
    "Size of the files that were taken.",
    buckets=[2**n for n in range(10, 26, 3)],
)
UNANSWERED = Gauge(
    "motcua_intake_unanswered_dossiers",
    "Dossiers that were received and whose competent agency has not said a word.",
    ["agency"],
)
OLDEST_UNANSWERED_SECONDS = Gauge(
    "motcua_intake_oldest_unanswered_seconds",
    "Since when the oldest of them is received.",
    ["agency"],
)
