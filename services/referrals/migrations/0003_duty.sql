-- Rosters, overrides of consent, handovers.

CREATE TABLE roster (
    roster_id text PRIMARY KEY,
    shifts jsonb NOT NULL DEFAULT '[]', -- [[actor, start, end], ...]
    stand_in text NOT NULL DEFAULT '', -- empty: the manager's roster
    paused_until_time timestamptz,
    version bigint NOT NULL DEFAULT 1
);
-- Nights in which a roster was woken (R61); one a night, however often.
CREATE TABLE roster_night (
    roster_id text NOT NULL,
    night date NOT NULL, -- of the evening, where the roster is
    PRIMARY KEY (roster_id, night)
);

-- A record that stands in for a consent (R5).
ALTER TABLE consent
    ADD COLUMN override_ground text, -- null: it is a consent
    ADD COLUMN second_person text NOT NULL DEFAULT '',
    ADD COLUMN sealed_reason bytea; -- sealed by the sender, opened by nobody here
ALTER TABLE task ADD COLUMN consent_id text NOT NULL DEFAULT '';
CREATE INDEX task_overdue ON task (due_time) WHERE state = 'open';

-- What both sides see between yes and arrival, sealed by one for the other (R20).
CREATE TABLE handover (
    offer_id text NOT NULL REFERENCES offer,
    is_from_sender boolean NOT NULL,
    sealed bytea NOT NULL CHECK (octet_length(sealed) BETWEEN 1 AND 16384),
    key_id text NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (offer_id, is_from_sender)
);
