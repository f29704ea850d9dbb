-- The whole life: rungs of the ladder, the next provider by itself, what a decline brings about.

-- A need for which nobody is asked is watched by a clock of its own, unless a task is about it.
ALTER TABLE need
    ADD COLUMN next_time timestamptz,
    ADD COLUMN next_kind text CHECK (next_kind IN ('rematch', 'sender')),
    ADD CONSTRAINT next_is_whole CHECK ((next_time IS NULL) = (next_kind IS NULL));
CREATE INDEX need_next ON need (next_time) WHERE next_time IS NOT NULL;

ALTER TABLE offer
    ADD COLUMN rung_no integer NOT NULL DEFAULT 0, -- of the ladder, from 0: the next one
    ADD COLUMN rung_time timestamptz, -- null: the ladder has ended, or somebody has read it
    ADD COLUMN conditions text[] NOT NULL DEFAULT '{}', -- of a yes, if
    ADD COLUMN arrive_start_time timestamptz, -- earliest arrival of a yes, if
    ADD COLUMN stay_end_time timestamptz, -- longest stay of a yes, if
    ADD COLUMN question text NOT NULL DEFAULT '',
    ADD COLUMN answer text NOT NULL DEFAULT '',
    ADD COLUMN wait_until_time timestamptz;
CREATE INDEX offer_rung ON offer (rung_time) WHERE rung_time IS NOT NULL;

-- What providers refused, as far as it is not sealed: statistics, and corrections of the directory.
CREATE TABLE decline (
    offer_id text PRIMARY KEY,
    provider_id text NOT NULL,
    pool_id text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    population text NOT NULL, -- empty: not said
    places_without_staff boolean NOT NULL,
    is_correction boolean NOT NULL, -- proposes a correction of the directory
    create_time timestamptz NOT NULL
);
CREATE INDEX decline_of_provider ON decline (provider_id, create_time);

-- Providers that shall not meet a person again. Why stands sealed with the case, or nowhere.
CREATE TABLE exclusion (
    client_id text NOT NULL,
    subject text NOT NULL, -- the sender's person, else its case: opaque
    provider_id text NOT NULL,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (client_id, subject, provider_id)
);

-- A task about no referral is its sender's.
ALTER TABLE task ADD COLUMN client_id text NOT NULL DEFAULT '';

-- Where a provider works, for clocks that run in its working time.
ALTER TABLE provider ADD COLUMN time_zone text NOT NULL DEFAULT '';
ALTER TABLE offer
    ADD COLUMN country_code text NOT NULL DEFAULT '',
    ADD COLUMN time_zone text NOT NULL DEFAULT ''; -- IANA; empty: not known
