"""Dossiers, copies, the register and the attempts to sign."""

from alembic import op

from chassis.schema import V1

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE dossiers (
        id uuid PRIMARY KEY,
        code text NOT NULL,
        applicant_id text NOT NULL,
        agency text NOT NULL,
        state text NOT NULL CHECK (state IN ('open', 'received', 'completed', 'ended')),
        owes boolean NOT NULL
    )
    """,
    """
    CREATE TABLE copies (
        id uuid PRIMARY KEY,
        dossier_id uuid NOT NULL REFERENCES dossiers,
        agency text NOT NULL,
        paper_kind text NOT NULL,
        state text NOT NULL CHECK (state IN (
            'requested', 'ready', 'signing', 'certified', 'refused', 'revoked', 'replaced'
        )),
        requested_at timestamptz NOT NULL,
        changed_at timestamptz NOT NULL,
        clerk text NOT NULL,
        scan_sha256 text NOT NULL,
        scan_parts jsonb NOT NULL,
        clean_sha256 text NOT NULL,
        pages integer NOT NULL CHECK (pages > 0),
        fee bigint NOT NULL CHECK (fee >= 0),
        request text NOT NULL,
        requester_index text NOT NULL,
        approved_at timestamptz,
        signer text,
        book text,
        year integer,
        number integer,
        template text,
        attested jsonb,
        signing_key text,
        person_certificate text,
        seal_certificate text,
        link text UNIQUE,
        code text,
        code_index text,
        prepared_sha256 text,
        waits_for text,
        attempts integer NOT NULL,
        next_attempt_at timestamptz,
        lease uuid,
        leased_until timestamptz,
        sha256 text UNIQUE,
        signed_at timestamptz,
        level text,
        certified_at timestamptz,
        reason text,
        replaces uuid REFERENCES copies,
        replaces_for text,
        replaced_by uuid REFERENCES copies DEFERRABLE INITIALLY DEFERRED,
        correlation_id text NOT NULL,
        causation_id text,
        traceparent text NOT NULL,
        CHECK (state NOT IN ('signing', 'certified', 'revoked', 'replaced') OR num_nulls(
            approved_at, signer, book, year, number, template, attested, signing_key,
            person_certificate, seal_certificate, link, code, code_index
        ) = 0),
        CHECK (state NOT IN ('certified', 'revoked', 'replaced') OR num_nulls(
            prepared_sha256, sha256, signed_at, level, certified_at
        ) = 0),
        CHECK ((replaces IS NULL) = (replaces_for IS NULL)),
        CHECK ((state = 'replaced') = (replaced_by IS NOT NULL)),
        -- Of a dossier one copy is under way, and one is certified: while a replacement is signed,
        -- the copy that it replaces still holds.
        CONSTRAINT copies_one_certified EXCLUDE USING btree (dossier_id WITH =)
            WHERE (state = 'certified') DEFERRABLE INITIALLY DEFERRED
    )
    """,
    """
    CREATE UNIQUE INDEX copies_one_unfinished ON copies (dossier_id)
    WHERE state IN ('requested', 'ready', 'signing')
    """,
    "CREATE INDEX copies_dossier ON copies (dossier_id)",
    "CREATE INDEX copies_agency ON copies (agency, state, id)",
    "CREATE INDEX copies_requester ON copies (requester_index)",
    "CREATE INDEX copies_signing ON copies (id) WHERE state = 'signing'",
    """
    CREATE TABLE register_books (
        book text NOT NULL,
        year integer NOT NULL,
        last integer NOT NULL,
        PRIMARY KEY (book, year)
    )
    """,
    """
    CREATE TABLE register_entries (
        copy_id uuid PRIMARY KEY REFERENCES copies,
        book text NOT NULL,
        year integer NOT NULL,
        number integer NOT NULL CHECK (number > 0),
        state text NOT NULL CHECK (state IN ('reserved', 'used', 'void')),
        reason text,
        recorded_at timestamptz NOT NULL,
        UNIQUE (book, year, number),
        CHECK ((state = 'void') = (reason IS NOT NULL))
    )
    """,
    """
    CREATE TABLE signing_attempts (
        id uuid PRIMARY KEY,
        copy_id uuid NOT NULL REFERENCES copies,
        started_at timestamptz NOT NULL,
        ended_at timestamptz,
        state text NOT NULL CHECK (state IN ('started', 'finished', 'hindered', 'orphaned')),
        hindrance text,
        person_certificate text NOT NULL,
        seal_certificate text NOT NULL,
        sha256 text,
        CHECK ((state = 'hindered') = (hindrance IS NOT NULL)),
        CHECK ((state = 'started') = (ended_at IS NULL))
    )
    """,
    # A copy is signed by one at a time, and once.
    """
    CREATE UNIQUE INDEX signing_attempts_one ON signing_attempts (copy_id)
    WHERE state IN ('started', 'finished')
    """,
    "CREATE INDEX signing_attempts_copy ON signing_attempts (copy_id)",
    """
    CREATE INDEX signing_attempts_orphaned ON signing_attempts (ended_at)
    WHERE state = 'orphaned' AND sha256 IS NOT NULL
    """,
    """
    CREATE TABLE signing_certificates (
        fingerprint text PRIMARY KEY,
        role text NOT NULL CHECK (role IN ('authorised-person', 'agency-seal')),
        first_used_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in (*V1, *TABLES):
        op.execute(statement)
