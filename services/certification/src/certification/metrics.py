"""Every metric that certification owns. No label holds a dossier, a copy or a person."""

from prometheus_client import Counter, Gauge, Histogram

COPIES = Counter(
    "motcua_certification_copies_total", "Copies, by the state they entered.", ["state"]
)
PASSED_OVER = Counter(
    "motcua_certification_passed_over_dossiers_total",
    "Dossiers of this procedure for which another agency is competent.",
)
NUMBERS = Counter(
    "motcua_certification_register_numbers_total",
    "Numbers of the register: taken, then used or void.",
    ["state"],
)
ATTEMPTS = Counter(
    "motcua_certification_signing_attempts_total",
    "Attempts to sign, by how they ended; orphaned ones may have used a key for nothing.",
    ["state"],
)
FAULTS = Counter(
    "motcua_certification_signing_faults_total",
    "Copies that could not be made by a fault of ours; they are tried again.",
)
SIGNING_SECONDS = Histogram(
    "motcua_certification_signing_seconds", "Time that both signatures of a copy took."
)
SIGNING_COPIES = Gauge(
    "motcua_certification_signing_copies", "Copies that were approved and are not signed yet."
)
OLDEST_SIGNING_SECONDS = Gauge(
    "motcua_certification_oldest_signing_seconds", "Since when the oldest of them was approved."
)
WAITING_COPIES = Gauge(
    "motcua_certification_waiting_copies",
    "Copies that cannot be signed now, and why.",
    ["hindrance"],
)
SIGNING_QUEUE = Gauge(
    "motcua_certification_signing_queue",
    "Jobs that wait for one of the processes that prepare or sign copies.",
    ["process"],
)
SIGNING_DEATHS = Counter(
    "motcua_certification_signing_process_deaths_total",
    "Such processes that died over a job.",
    ["process"],
)
UPLOADED_BYTES = Histogram(
    "motcua_certification_uploaded_bytes",
    "Sizes of scans.",
    buckets=(10_000, 100_000, 1_000_000, 10_000_000, 100_000_000),
)
CHECKS = Counter(
    "motcua_certification_checks_total",
    "Checks by the public, by what was shown (link or file) and the verdict.",
    ["way", "verdict"],
)
WRONG_CODES = Counter(
    "motcua_certification_wrong_codes_total", "Codes that did not show the personal part."
)
