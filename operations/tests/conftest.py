"""The small service whose operators these tests are."""

from chassis.testing.visits import consumer, database, service, withdrawals

__all__ = ["consumer", "database", "service", "withdrawals"]
