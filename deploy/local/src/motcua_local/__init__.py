"""Real Kafka and real PostgreSQL on one machine, and the `motcua` command."""
