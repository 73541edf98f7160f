"""Which office took a dossier in: its officers take the payment at the counter."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Nobody told it of the dossiers that are there: those stay their applicants' alone.
    op.execute("ALTER TABLE dossiers ADD COLUMN intake_agency text")
