"""Which paid orders wait for their dossier to go on, and which dossiers went on without money."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    # Nobody noted of the orders that are paid already whether their dossiers went on: they wait for
    # nothing.
    """
    ALTER TABLE orders
        ADD COLUMN awaited_since timestamptz,
        ADD COLUMN redrives integer NOT NULL DEFAULT 0,
        ADD COLUMN next_redrive_at timestamptz
    """,
    """
    CREATE INDEX orders_awaited ON orders (awaited_since) WHERE awaited_since IS NOT NULL
    """,
    # No reference to dossiers or orders: it tells of what we do not have.
    """
    CREATE TABLE uncovered_obligations (
        id uuid PRIMARY KEY,
        dossier_id uuid NOT NULL,
        dossier_code text NOT NULL,
        order_id uuid NOT NULL,
        heard_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
