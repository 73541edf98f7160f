"""The code of the dossier, kept with a message whose fact does not say it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE messages ADD COLUMN dossier_code text")
