-- Events heard, the alerts made of them, and one delivery a channel. Ids, codes and times only (R11).

-- An event is taken once: its row commits with all that came of it, and only then is the message acknowledged.
CREATE TABLE inbox (
    event_id text PRIMARY KEY,
    received_time timestamptz NOT NULL
);

-- The latest that was heard of each offer, so that what comes late or twice is recognised as old.
CREATE TABLE offer (
    offer_id text PRIMARY KEY,
    receiver_id text NOT NULL,
    offer_version bigint NOT NULL CHECK (offer_version > 0),
    state text NOT NULL
);

CREATE TABLE alert (
    alert_id text PRIMARY KEY,
    receiver_id text NOT NULL,
    offer_id text NOT NULL REFERENCES offer,
    offer_version bigint NOT NULL,
    urgency text NOT NULL,
    due_time timestamptz,
    create_time timestamptz NOT NULL,
    settled_time timestamptz, -- null while it rings
    UNIQUE (offer_id, offer_version)
);
CREATE INDEX alert_ringing ON alert (receiver_id, due_time) WHERE settled_time IS NULL;
CREATE INDEX alert_newest ON alert (receiver_id, create_time DESC, alert_id);

CREATE TABLE delivery (
    alert_id text NOT NULL REFERENCES alert,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'sent', 'delivered', 'dead', 'settled')),
    attempt_count int NOT NULL DEFAULT 0,
    next_time timestamptz, -- of the next attempt
    last_code text, -- why the last attempt failed
    sent_time timestamptz,
    delivered_time timestamptz,
    PRIMARY KEY (alert_id, channel),
    -- nothing that waits for an attempt is without a time for it
    CHECK (state <> 'pending' OR next_time IS NOT NULL),
    CHECK (state IN ('pending', 'sent') OR next_time IS NULL),
    CHECK ((state = 'delivered') <= (delivered_time IS NOT NULL))
);
CREATE INDEX delivery_due ON delivery (next_time) WHERE next_time IS NOT NULL;

-- A device has said that it has the alert.
CREATE TABLE receipt (
    alert_id text NOT NULL REFERENCES alert,
    device_id text NOT NULL,
    channel text NOT NULL,
    receipt_time timestamptz NOT NULL,
    PRIMARY KEY (alert_id, device_id)
);

-- Messages that could not be read, for a person to look at.
CREATE TABLE dead_letter (
    stream text NOT NULL,
    sequence bigint NOT NULL,
    subject text NOT NULL,
    payload bytea NOT NULL,
    reason text NOT NULL,
    create_time timestamptz NOT NULL,
    cleared_time timestamptz,
    PRIMARY KEY (stream, sequence, create_time)
);
