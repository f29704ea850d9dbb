-- The ways of an alert in their order, every attempt, what a person must clear, and what senders are told.

-- An alert is for a receiver, about an offer; or for a sender, about one event of its feed.
ALTER TABLE alert
    ALTER COLUMN receiver_id DROP NOT NULL,
    ALTER COLUMN offer_id DROP NOT NULL,
    ALTER COLUMN offer_version DROP NOT NULL,
    ADD COLUMN client_id text,
    ADD COLUMN revision bigint, -- of the event in the sender's feed
    ADD COLUMN step smallint NOT NULL DEFAULT 0 CHECK (step BETWEEN 0 AND 2), -- how far silence has climbed
    ADD CHECK ((receiver_id IS NULL) <> (client_id IS NULL)),
    ADD CHECK ((receiver_id IS NULL) = (offer_id IS NULL) AND (offer_id IS NULL) = (offer_version IS NULL)),
    ADD CHECK ((client_id IS NULL) = (revision IS NULL));

ALTER TABLE delivery
    ADD COLUMN endpoint_id text NOT NULL DEFAULT '', -- empty: the channel needs none
    ADD COLUMN step smallint NOT NULL DEFAULT 0,
    ADD COLUMN create_time timestamptz,
    ADD COLUMN first_time timestamptz; -- when the first attempt was due; null: pulled
UPDATE delivery SET create_time = alert.create_time, first_time = alert.create_time
    FROM alert WHERE alert.alert_id = delivery.alert_id;
ALTER TABLE delivery
    ALTER COLUMN create_time SET NOT NULL,
    DROP CONSTRAINT delivery_pkey,
    ADD PRIMARY KEY (alert_id, channel, endpoint_id);
CREATE INDEX delivery_of_endpoint ON delivery (endpoint_id, next_time) WHERE endpoint_id <> '' AND next_time IS NOT NULL;
CREATE INDEX delivery_pulled ON delivery (alert_id) WHERE channel = 'stream' AND state = 'sent';

-- One attempt is in hand for an endpoint, whichever replica has it.
ALTER TABLE endpoint ADD COLUMN busy_until timestamptz;

CREATE TABLE attempt (
    alert_id text NOT NULL REFERENCES alert,
    channel text NOT NULL,
    endpoint_id text NOT NULL,
    attempt_no int NOT NULL, -- from 1
    attempt_time timestamptz NOT NULL,
    code text NOT NULL, -- why it failed; empty: it went out
    PRIMARY KEY (alert_id, channel, endpoint_id, attempt_no)
);

-- When silence or failure led to more ways, and how many.
CREATE TABLE escalation (
    alert_id text NOT NULL REFERENCES alert,
    rung text NOT NULL CHECK (rung IN ('second_channel', 'deputy', 'overdue', 'failed', 'exhausted')),
    create_time timestamptz NOT NULL,
    way_count int NOT NULL, -- that were begun, or rung again
    PRIMARY KEY (alert_id, rung)
);

-- A message that nobody could read, or a delivery that was given up.
ALTER TABLE dead_letter
    DROP CONSTRAINT dead_letter_pkey,
    ADD COLUMN dead_letter_id text PRIMARY KEY DEFAULT replace(gen_random_uuid()::text, '-', ''),
    ALTER COLUMN stream DROP NOT NULL,
    ALTER COLUMN sequence DROP NOT NULL,
    ALTER COLUMN subject DROP NOT NULL,
    ALTER COLUMN payload DROP NOT NULL,
    ADD COLUMN alert_id text REFERENCES alert,
    ADD COLUMN channel text,
    ADD COLUMN endpoint_id text,
    ADD COLUMN cleared_by text,
    ADD CHECK ((stream IS NULL) = (alert_id IS NOT NULL)),
    ADD CHECK ((stream IS NULL) = (payload IS NULL)),
    ADD CHECK ((alert_id IS NULL) = (channel IS NULL)),
    ADD CHECK ((cleared_time IS NULL) = (cleared_by IS NULL));
CREATE INDEX dead_letter_open ON dead_letter (create_time DESC, dead_letter_id) WHERE cleared_time IS NULL;
-- a message that comes again under its place is kept once
CREATE UNIQUE INDEX dead_letter_message ON dead_letter (stream, sequence, create_time) WHERE stream IS NOT NULL;

-- Tasks that referrals shall open for a person: asked for until it has answered.
CREATE TABLE wanted_task (
    request_id text PRIMARY KEY,
    offer_id text, -- null: about no offer
    client_id text, -- the sender whose system cannot be reached
    urgency text NOT NULL,
    create_time timestamptz NOT NULL,
    next_time timestamptz, -- of the next try; null: it is open there
    attempt_count int NOT NULL DEFAULT 0
);
CREATE INDEX wanted_task_due ON wanted_task (next_time) WHERE next_time IS NOT NULL;

-- How far the feeds of senders were heard.
CREATE TABLE sender_feed (
    client_id text PRIMARY KEY,
    epoch text NOT NULL,
    revision bigint NOT NULL
);

-- Which consumer of its name a receiver fetches from: another one has lost what it was sent.
ALTER TABLE device
    ADD COLUMN consumer_time timestamptz,
    ADD COLUMN token_digest_of_stream bytea; -- of the token with which a stream was opened
CREATE UNIQUE INDEX device_stream ON device (receiver_id, token_digest_of_stream) WHERE channel = 'stream';

CREATE INDEX inbox_oldest ON inbox (received_time);
