"""Certified copies, and which papers were one when they were handed in."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    CREATE TABLE certified_copies (
        copy_id uuid PRIMARY KEY,
        sha256 text NOT NULL UNIQUE,
        paper_kind text,
        state text NOT NULL CHECK (state IN ('valid', 'revoked', 'replaced')),
        successor_id uuid,
        changed_at timestamptz NOT NULL
    )
    """,
    "ALTER TABLE papers ADD COLUMN certified_copy_id uuid",
    # The result of a certification is kept there and not among our files.
    "ALTER TABLE papers ALTER COLUMN file_id DROP NOT NULL",
    """
    ALTER TABLE papers ADD CONSTRAINT papers_lie_somewhere
    CHECK (file_id IS NOT NULL OR (part = 'result' AND certified_copy_id IS NOT NULL))
    """,
    "CREATE INDEX papers_sha256 ON papers (sha256)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
