"""Recipients, messages and their attempts."""

from alembic import op

from chassis.schema import V1

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE recipients (
        dossier_id uuid PRIMARY KEY,
        recipient_id text NOT NULL,
        ciphertext text NOT NULL,
        key_id text NOT NULL,
        sequence bigint NOT NULL,
        received_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE messages (
        id uuid PRIMARY KEY,
        fact_event_id uuid NOT NULL,
        fact_type text NOT NULL,
        fact jsonb NOT NULL,
        dossier_id uuid NOT NULL,
        recipient text NOT NULL,
        channel text NOT NULL,
        template text NOT NULL,
        template_version integer NOT NULL,
        state text NOT NULL CHECK (
            state IN ('reserved', 'claimed', 'sending', 'sent', 'failed', 'outcome-unknown')
        ),
        reason text,
        reply_code integer,
        attempts integer NOT NULL,
        reserved_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        due_at timestamptz,
        give_up_at timestamptz NOT NULL,
        claim uuid,
        lease_until timestamptz,
        correlation_id text NOT NULL,
        traceparent text NOT NULL,
        UNIQUE (fact_event_id, recipient, channel)
    )
    """,
    "CREATE INDEX messages_reserved ON messages (id) WHERE state = 'reserved'",
    "CREATE INDEX messages_leased ON messages (lease_until) WHERE state IN ('claimed', 'sending')",
    """
    CREATE INDEX messages_open ON messages (dossier_id, id)
    WHERE state IN ('reserved', 'claimed', 'sending')
    """,
    "CREATE INDEX messages_dossier ON messages (dossier_id)",
    """
    CREATE TABLE attempts (
        id uuid PRIMARY KEY,
        message_id uuid NOT NULL REFERENCES messages,
        number integer NOT NULL,
        happened_at timestamptz NOT NULL,
        happening text NOT NULL,
        reason text,
        reply_code integer,
        operator text,
        why text
    )
    """,
    "CREATE INDEX attempts_message ON attempts (message_id)",
)


def upgrade() -> None:
    for statement in (*V1, *TABLES):
        op.execute(statement)
