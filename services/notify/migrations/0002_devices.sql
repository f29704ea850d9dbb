-- What rings for a receiver, and the codes by which it comes to be.

CREATE TABLE device (
    device_id text PRIMARY KEY,
    receiver_id text NOT NULL,
    channel text NOT NULL,
    create_time timestamptz NOT NULL,
    heard_time timestamptz,
    end_time timestamptz,
    public_nkey text, -- of a NATS account
    -- of a browser: digests only
    token_digest bytea UNIQUE,
    pin_digest bytea,
    time_zone text,
    unlocked_until timestamptz,
    wrong_pin_count int NOT NULL DEFAULT 0,
    wait_until timestamptz,
    CHECK (channel <> 'nats' OR public_nkey IS NOT NULL),
    CHECK (channel <> 'page' OR (token_digest IS NOT NULL AND pin_digest IS NOT NULL AND time_zone IS NOT NULL))
);
CREATE INDEX device_newest ON device (receiver_id, create_time DESC, device_id);
-- one NATS account a receiver, and one receiver a key
CREATE UNIQUE INDEX device_nats_receiver ON device (receiver_id) WHERE channel = 'nats' AND end_time IS NULL;
CREATE UNIQUE INDEX device_nats_key ON device (public_nkey) WHERE channel = 'nats' AND end_time IS NULL;

-- A new code ends the one before.
CREATE TABLE enrolment_code (
    receiver_id text PRIMARY KEY,
    code_digest bytea NOT NULL UNIQUE,
    expire_time timestamptz NOT NULL,
    time_zone text NOT NULL
);

-- Wrong codes of late, by anybody.
CREATE TABLE wrong_code (
    attempt_time timestamptz NOT NULL
);
CREATE INDEX wrong_code_newest ON wrong_code (attempt_time);

-- The first answer to a command, so that a repeat gets it again.
CREATE TABLE request_key (
    client_id text NOT NULL,
    request_id text NOT NULL,
    body_digest bytea NOT NULL,
    answer bytea NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (client_id, request_id)
);
