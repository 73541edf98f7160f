"""Every metric that intake owns."""

from prometheus_client import Counter, Histogram

STATUS = Counter(
    "intake_dossier_facts_total",
    "Facts about dossiers by procedure and national status after them.",
    ["procedure", "status"],
)
REMARKS = Counter(
    "intake_decisions_without_effect_total",
    "Decisions that changed nothing: repeated, or money for a closed dossier.",
    ["remark"],
)
UPLOADED_BYTES = Histogram(
    "intake_uploaded_bytes",
    "Size of the files that were taken.",
    buckets=[2**n for n in range(10, 26, 3)],
)
OVERDUE = Counter("intake_overdue_total", "Dossiers that became overdue.", ["procedure"])
