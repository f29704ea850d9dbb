-- Where alerts go that are sent: webhooks, mailboxes, telephones, browsers. Addresses and signing keys are sealed by a
-- key that is not in the database.

CREATE TABLE endpoint (
    endpoint_id text PRIMARY KEY,
    receiver_id text, -- whose alerts go there
    client_id text, -- or the system whose referrals' transitions go there
    device_id text REFERENCES device, -- of a browser's subscription
    channel text NOT NULL CHECK (channel IN ('webhook', 'email', 'sms', 'push')),
    state text NOT NULL CHECK (state IN ('unproven', 'awaiting_approval', 'active', 'paused', 'ended')),
    order_no int NOT NULL DEFAULT 0,
    quiet_start time,
    quiet_end time,
    quiet_time_zone text,
    language text NOT NULL,
    time_zone text NOT NULL,
    sealed_address bytea, -- null once it is ended
    address_digest bytea NOT NULL, -- keyed: the same address is one endpoint
    sealed_signing_key bytea, -- of a webhook, null once it is ended
    public_key text NOT NULL DEFAULT '',
    needs_approval boolean NOT NULL,
    create_time timestamptz NOT NULL,
    create_client_id text NOT NULL, -- who may not approve it
    create_actor text NOT NULL,
    approve_time timestamptz,
    approve_client_id text,
    approve_actor text,
    heard_time timestamptz,
    challenge_time timestamptz, -- of the last one: whose address it is need not know of us
    pause_time timestamptz,
    pause_code text NOT NULL DEFAULT '',
    end_time timestamptz,
    CHECK ((receiver_id IS NULL) <> (client_id IS NULL)),
    CHECK ((state = 'ended') = (end_time IS NOT NULL)),
    CHECK ((state = 'ended') = (sealed_address IS NULL)),
    CHECK (state <> 'active' OR NOT needs_approval OR approve_time IS NOT NULL),
    CHECK ((quiet_start IS NULL) = (quiet_end IS NULL) AND (quiet_start IS NULL) = (quiet_time_zone IS NULL))
);
CREATE INDEX endpoint_receiver ON endpoint (receiver_id, create_time DESC, endpoint_id);
CREATE INDEX endpoint_client ON endpoint (client_id, create_time DESC, endpoint_id);
CREATE UNIQUE INDEX endpoint_address ON endpoint (coalesce(receiver_id, ''), coalesce(client_id, ''), channel, address_digest)
    WHERE end_time IS NULL;
-- a browser has one subscription
CREATE UNIQUE INDEX endpoint_device ON endpoint (device_id) WHERE end_time IS NULL;
