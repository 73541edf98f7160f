"""Dossiers, their papers, files and codes."""

from alembic import op

from chassis.schema import V1

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE dossiers (
        id uuid PRIMARY KEY,
        code text NOT NULL UNIQUE,
        procedure_code text NOT NULL,
        procedure_version integer NOT NULL,
        competent_agency text NOT NULL,
        intake_agency text NOT NULL,
        applicant_id text NOT NULL,
        channel text NOT NULL,
        status smallint NOT NULL CHECK (status BETWEEN 1 AND 10),
        registered_at timestamptz NOT NULL,
        received_at timestamptz,
        first_due_at timestamptz,
        due_at timestamptz,
        clock_stopped_at timestamptz,
        resumes_to smallint,
        outstanding jsonb NOT NULL,
        papers_wanted jsonb NOT NULL,
        supplements_asked jsonb NOT NULL,
        agency_reference text,
        unit text,
        step text,
        outcome text,
        completed_at timestamptz,
        ended_at timestamptz,
        overdue_told_at timestamptz,
        form text NOT NULL,
        contact text NOT NULL
    )
    """,
    "CREATE INDEX dossiers_applicant ON dossiers (applicant_id, registered_at)",
    """
    CREATE INDEX dossiers_running ON dossiers (due_at)
    WHERE completed_at IS NULL AND ended_at IS NULL AND overdue_told_at IS NULL
    """,
    """
    CREATE TABLE files (
        id uuid PRIMARY KEY,
        owner text NOT NULL,
        agency text,
        sha256 text NOT NULL,
        size bigint NOT NULL,
        media_type text NOT NULL,
        uploaded_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE papers (
        id uuid PRIMARY KEY,
        dossier_id uuid NOT NULL REFERENCES dossiers,
        file_id uuid NOT NULL REFERENCES files,
        kind text NOT NULL,
        part text NOT NULL CHECK (part IN ('application', 'supplement', 'result')),
        sha256 text NOT NULL,
        media_type text NOT NULL,
        added_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX papers_dossier ON papers (dossier_id)",
    """
    CREATE TABLE dossier_counters (
        agency text NOT NULL,
        day date NOT NULL,
        last_number integer NOT NULL,
        PRIMARY KEY (agency, day)
    )
    """,
)


def upgrade() -> None:
    for statement in (*V1, *TABLES):
        op.execute(statement)
