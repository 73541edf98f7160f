"""Dossiers that were received and that no agency has taken up are counted all the time."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX dossiers_unanswered ON dossiers (competent_agency, received_at) "
        "WHERE status = 2"
    )
