"""The small service that these tests drive."""

from chassis.testing.visits import (
    SOURCE,
    Service,
    Visit,
    VisitWork,
    Withdrawals,
    consumer,
    database,
    handle_received,
    service,
    withdrawals,
)

__all__ = [
    "SOURCE",
    "Service",
    "Visit",
    "VisitWork",
    "Withdrawals",
    "consumer",
    "database",
    "handle_received",
    "service",
    "withdrawals",
]
