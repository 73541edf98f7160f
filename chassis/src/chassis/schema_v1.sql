-- The tables that every service's database holds, first version. Frozen once released.

-- Which events this service has taken effect of. The primary key is the promise "effect once".
CREATE TABLE inbox (
    consumer text NOT NULL,
    source text NOT NULL,
    event_id text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, source, event_id)
);

CREATE INDEX inbox_received_at ON inbox USING brin (received_at);

-- The version of each subject on each topic: gap-free sequences, and the lock that makes
-- outbox order commit order.
CREATE TABLE streams (
    topic text NOT NULL,
    subject text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (topic, subject)
);

-- Events that are true and not yet published.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- What was published, in the order of publishing, each row sealed with the hash of all before it.
CREATE TABLE event_log (
    position bigint PRIMARY KEY,
    event_id text NOT NULL,
    topic text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL,
    headers jsonb NOT NULL,
    value bytea NOT NULL,
    created_at timestamptz NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(),
    hash bytea NOT NULL
);

CREATE UNIQUE INDEX event_log_stream ON event_log (topic, subject, sequence);

-- Records that could not be handled, as they came; see chassis.held_messages.
CREATE TABLE held_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    consumer text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    record_time timestamptz NOT NULL,
    record_key bytea,
    record_headers json NOT NULL, -- jsonb takes no NUL in a header's name
    record_value bytea,
    fingerprint bytea NOT NULL,
    ordering_key text,
    event_source text,
    event_id text,
    event_type text,
    state text NOT NULL CHECK (state IN ('waiting', 'parked', 'handled', 'discarded')),
    reason text NOT NULL,
    detail text NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    held_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    operator text,
    operator_why text
);

CREATE UNIQUE INDEX held_messages_record ON held_messages (consumer, fingerprint)
WHERE state IN ('waiting', 'parked');

CREATE INDEX held_messages_order ON held_messages (consumer, topic, ordering_key, id)
WHERE state IN ('waiting', 'parked');

CREATE INDEX held_messages_due ON held_messages (next_attempt_at) WHERE state = 'waiting';

-- Answers given under an Idempotency-Key.
CREATE TABLE idempotency_keys (
    principal text NOT NULL,
    operation text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    body jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (principal, operation, key)
);
