"""Topics, principals and ACLs as one file, and the tool that brings a cluster in line with it."""

from motcua_local.kafka_topics.apply import apply
from motcua_local.kafka_topics.cluster import Cluster, Connection, read_connection
from motcua_local.kafka_topics.plan import Plan, read_passwords, read_plan

__all__ = [
    "Cluster",
    "Connection",
    "Plan",
    "apply",
    "read_connection",
    "read_passwords",
    "read_plan",
]
