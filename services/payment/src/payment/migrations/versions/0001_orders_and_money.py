"""Orders, attempts, money, receipts and the journal."""

from alembic import op

from chassis.schema import V1

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE dossiers (
        id uuid PRIMARY KEY,
        code text NOT NULL,
        procedure_code text NOT NULL,
        applicant_id text NOT NULL,
        ended_for text
    )
    """,
    """
    CREATE TABLE orders (
        id uuid PRIMARY KEY,
        dossier_id uuid NOT NULL REFERENCES dossiers,
        dossier_code text NOT NULL,
        procedure_code text NOT NULL,
        amount bigint NOT NULL CHECK (amount > 0),
        lines jsonb NOT NULL,
        state text NOT NULL
            CHECK (state IN ('open', 'paid', 'expired', 'closed', 'refunding')),
        opened_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        CONSTRAINT orders_one_open EXCLUDE USING btree (dossier_id WITH =) WHERE (state = 'open')
            DEFERRABLE INITIALLY DEFERRED
    )
    """,
    "CREATE INDEX orders_dossier ON orders (dossier_id)",
    "CREATE INDEX orders_overdue ON orders (expires_at) WHERE state = 'open'",
    """
    CREATE TABLE obligations (
        id uuid PRIMARY KEY,
        dossier_id uuid NOT NULL REFERENCES dossiers,
        kind text NOT NULL CHECK (kind IN ('phi', 'le-phi')),
        amount bigint NOT NULL CHECK (amount >= 0),
        due_at timestamptz NOT NULL,
        exemption_ground text,
        settled_by uuid REFERENCES orders
    )
    """,
    "CREATE INDEX obligations_dossier ON obligations (dossier_id)",
    """
    CREATE TABLE attempts (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES orders,
        dossier_id uuid NOT NULL REFERENCES dossiers,
        gateway text NOT NULL,
        reference text NOT NULL,
        state text NOT NULL
            CHECK (state IN ('started', 'paid', 'failed', 'lapsed', 'suspended')),
        code text,
        started_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        queries integer NOT NULL,
        queried_at timestamptz,
        next_query_at timestamptz,
        UNIQUE (gateway, reference)
    )
    """,
    "CREATE INDEX attempts_order ON attempts (order_id)",
    """
    CREATE INDEX attempts_to_query ON attempts (next_query_at)
    WHERE next_query_at IS NOT NULL
    """,
    # One row per transaction, whoever reports it and however often: money is booked once.
    """
    CREATE TABLE gateway_transactions (
        id uuid PRIMARY KEY,
        gateway text NOT NULL,
        transaction_id text NOT NULL,
        amount bigint NOT NULL CHECK (amount >= 0),
        paid_at timestamptz NOT NULL,
        booked_at timestamptz NOT NULL,
        door text NOT NULL CHECK (door IN ('notification', 'query')),
        order_id uuid REFERENCES orders,
        attempt_id uuid REFERENCES attempts,
        suspended_for text CHECK (suspended_for IN (
            'unknown-order', 'amount-differs', 'order-expired', 'order-closed', 'already-paid'
        )),
        UNIQUE (gateway, transaction_id)
    )
    """,
    # At most one transaction pays an order.
    """
    CREATE UNIQUE INDEX gateway_transactions_pays ON gateway_transactions (order_id)
    WHERE suspended_for IS NULL
    """,
    """
    CREATE TABLE refunds (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES orders,
        money_id uuid NOT NULL UNIQUE REFERENCES gateway_transactions,
        amount bigint NOT NULL CHECK (amount > 0),
        reason text NOT NULL,
        requested_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE receipt_series (
        template text NOT NULL,
        serial text NOT NULL,
        last_number bigint NOT NULL,
        PRIMARY KEY (template, serial)
    )
    """,
    """
    CREATE TABLE receipts (
        id uuid PRIMARY KEY,
        order_id uuid NOT NULL REFERENCES orders,
        kind text NOT NULL CHECK (kind IN ('phi', 'le-phi')),
        template text NOT NULL,
        serial text NOT NULL,
        number bigint NOT NULL CHECK (number > 0),
        amount bigint NOT NULL CHECK (amount > 0),
        document text NOT NULL,
        sha256 text NOT NULL,
        issued_at timestamptz NOT NULL,
        UNIQUE (template, serial, number),
        UNIQUE (order_id, kind)
    )
    """,
    """
    CREATE TABLE gateway_notifications (
        id uuid PRIMARY KEY,
        gateway text NOT NULL,
        received_at timestamptz NOT NULL,
        raw text NOT NULL,
        reception text NOT NULL,
        reason text,
        outcome text,
        reference text,
        transaction_id text,
        amount bigint,
        paid_at timestamptz
    )
    """,
    """
    CREATE INDEX gateway_notifications_strays ON gateway_notifications (received_at)
    WHERE reception = 'unknown-order' AND outcome = 'paid'
    """,
    """
    CREATE INDEX gateway_notifications_unproven ON gateway_notifications (received_at)
    WHERE reception = 'unverified'
    """,
)


def upgrade() -> None:
    for statement in (*V1, *TABLES):
        op.execute(statement)
