-- Referrals: what was asked, who was asked, what is held, what happened. Ids and codes only,
-- except case_facts, which is sealed. Lock order: request_key, consent, need, offer by id,
-- place by key, referral, task, feed.

CREATE TABLE request_key (
    client_id text NOT NULL,
    request_id text NOT NULL,
    request_hmac bytea, -- null after erasure: a replay then says so
    referral_id text,
    subject_id text NOT NULL,
    answer jsonb, -- ids and times only; null where the present state is the answer
    create_time timestamptz NOT NULL,
    PRIMARY KEY (client_id, request_id)
);

CREATE TABLE consent (
    consent_id text PRIMARY KEY,
    client_id text NOT NULL,
    case_ref text NOT NULL CHECK (case_ref ~ '^[A-Za-z0-9_-]{1,64}$'),
    provider_ids text[] NOT NULL,
    class_codes text[], -- null: names no class
    class_area_cells text[] NOT NULL,
    class_vetted boolean NOT NULL,
    fields text[] NOT NULL CHECK (cardinality(fields) > 0),
    purposes text[] NOT NULL CHECK (cardinality(purposes) > 0),
    start_time timestamptz NOT NULL,
    end_time timestamptz NOT NULL CHECK (end_time > start_time),
    given_by text NOT NULL,
    child_assent text,
    method text NOT NULL,
    language text NOT NULL,
    recorded_by text NOT NULL,
    create_time timestamptz NOT NULL,
    withdrawn_time timestamptz,
    withdrawn_provider_ids text[] NOT NULL DEFAULT '{}',
    CHECK (cardinality(provider_ids) > 0 OR class_codes IS NOT NULL)
);
CREATE INDEX consent_of_case ON consent (client_id, case_ref, create_time DESC, consent_id);

CREATE TABLE referral (
    referral_id text PRIMARY KEY,
    client_id text NOT NULL,
    case_ref text NOT NULL CHECK (case_ref ~ '^[A-Za-z0-9_-]{1,64}$'),
    person_ref text NOT NULL,
    consent_id text NOT NULL REFERENCES consent,
    state text NOT NULL
        CHECK (state IN ('draft', 'active', 'on_hold', 'completed', 'revoked', 'exhausted', 'entered_in_error')),
    version bigint NOT NULL,
    create_time timestamptz NOT NULL,
    occurred_time timestamptz NOT NULL,
    is_erased boolean NOT NULL DEFAULT false
);
CREATE INDEX referral_of_client ON referral (client_id, create_time DESC, referral_id);
CREATE INDEX referral_of_consent ON referral (consent_id);

CREATE TABLE need (
    referral_id text NOT NULL REFERENCES referral,
    need_no integer NOT NULL CHECK (need_no >= 0),
    code text NOT NULL,
    urgency text NOT NULL CHECK (urgency IN ('immediate', 'emergency', 'urgent', 'normal')),
    accepted_offer_id text,
    PRIMARY KEY (referral_id, need_no)
);

CREATE TABLE offer (
    offer_id text PRIMARY KEY,
    referral_id text NOT NULL,
    offer_no integer NOT NULL, -- in the order in which they were made; the sender's alone
    need_no integer NOT NULL,
    code text NOT NULL,
    urgency text NOT NULL,
    provider_id text NOT NULL,
    receiver_id text NOT NULL, -- empty: nobody is enrolled
    pool_id text NOT NULL,
    area_cell text NOT NULL,
    items jsonb NOT NULL, -- [[population, count], ...]
    needed_fields text[] NOT NULL,
    state text NOT NULL CHECK (state IN (
        'draft', 'awaiting_consent', 'awaiting_approval', 'probing', 'requested', 'received', 'info_requested',
        'waitlisted', 'proposed', 'accepted', 'in_transit', 'in_progress', 'completed', 'rejected',
        'declined_by_person', 'failed', 'cancelled', 'expired', 'superseded', 'entered_in_error'
    )),
    version bigint NOT NULL,
    due_time timestamptz,
    due_kind text CHECK (due_kind IN ('read', 'decide', 'arrive', 'follow_up', 'person_decides')),
    reason text NOT NULL,
    ring boolean NOT NULL,
    create_time timestamptz NOT NULL,
    read_time timestamptz,
    arrive_time timestamptz,
    FOREIGN KEY (referral_id, need_no) REFERENCES need,
    UNIQUE (referral_id, offer_no),
    -- liveness: silence is impossible while an offer is open (R62)
    CONSTRAINT open_has_a_clock CHECK (
        state IN ('completed', 'rejected', 'declined_by_person', 'failed', 'cancelled', 'expired', 'superseded',
                  'entered_in_error')
        OR (due_time IS NOT NULL AND due_kind IS NOT NULL)
    )
);
CREATE INDEX offer_of_need ON offer (referral_id, need_no);
CREATE INDEX offer_of_receiver ON offer (receiver_id, due_time, offer_id) WHERE due_time IS NOT NULL;
CREATE INDEX offer_due ON offer (due_time) WHERE due_time IS NOT NULL;
CREATE INDEX offer_placed ON offer (pool_id) WHERE state IN ('accepted', 'in_transit', 'in_progress');
CREATE INDEX offer_made ON offer (create_time);

CREATE TABLE place (
    pool_id text NOT NULL,
    population text NOT NULL,
    total integer CHECK (total >= 0), -- null: not counted
    -- no check against total: an honest lower report must be accepted
    occupied integer NOT NULL CHECK (occupied >= 0),
    report_time timestamptz,
    report_revision bigint NOT NULL,
    held integer NOT NULL CHECK (held >= 0),
    booked integer NOT NULL CHECK (booked >= 0),
    PRIMARY KEY (pool_id, population)
);

CREATE TABLE hold (
    offer_id text PRIMARY KEY REFERENCES offer,
    pool_id text NOT NULL,
    items jsonb NOT NULL, -- [[population, count], ...], counted ones only
    state text NOT NULL CHECK (state IN ('held', 'booked', 'released', 'lapsed')),
    expire_time timestamptz NOT NULL
);
CREATE INDEX hold_running ON hold (expire_time) WHERE state = 'held';
CREATE INDEX hold_claiming ON hold (pool_id) WHERE state IN ('held', 'booked');

-- History, outbox and the sender's feed at once.
CREATE TABLE event (
    client_id text NOT NULL,
    revision bigint NOT NULL, -- of the feed 'referrals:<client_id>'
    event_id uuid NOT NULL UNIQUE,
    referral_id text NOT NULL REFERENCES referral,
    offer_id text,
    offer_version bigint NOT NULL,
    type text NOT NULL,
    state text,
    due_time timestamptz,
    due_kind text,
    reason text NOT NULL,
    occurred_time timestamptz NOT NULL,
    recorded_time timestamptz NOT NULL,
    actor text NOT NULL,
    on_behalf_of text NOT NULL,
    via text NOT NULL,
    published_time timestamptz,
    PRIMARY KEY (client_id, revision)
);
CREATE INDEX event_of_referral ON event (referral_id, revision);
CREATE INDEX event_to_publish ON event (recorded_time, client_id, revision)
    WHERE published_time IS NULL AND offer_id IS NOT NULL;

-- The only table with values of cases; erased by destroying its key.
CREATE TABLE case_key (
    key_id text PRIMARY KEY,
    wrapped bytea -- by a key that is not in this database; null once destroyed
);
CREATE TABLE case_facts (
    -- deferred: the feed's counter, which the referral's writing ends with, is the last lock
    referral_id text NOT NULL REFERENCES referral DEFERRABLE INITIALLY DEFERRED,
    part text NOT NULL, -- 'request', 'briefing', 'reason/<offer_id>'
    key_id text NOT NULL REFERENCES case_key,
    sealed bytea NOT NULL,
    PRIMARY KEY (referral_id, part)
);

CREATE TABLE task (
    task_id text PRIMARY KEY,
    kind text NOT NULL,
    cause text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'taken', 'closed')),
    referral_id text REFERENCES referral,
    need_no integer,
    offer_id text,
    provider_id text NOT NULL,
    code text NOT NULL,
    urgency text NOT NULL,
    due_time timestamptz NOT NULL,
    owner text NOT NULL CHECK (owner <> ''),
    outcome text NOT NULL,
    create_time timestamptz NOT NULL,
    version bigint NOT NULL
);
CREATE INDEX task_to_do ON task (due_time, task_id) WHERE state <> 'closed';
CREATE INDEX task_of_referral ON task (referral_id) WHERE state <> 'closed';

-- What is known of providers: a copy of the directory's feed, applied if newer.
CREATE TABLE provider (
    provider_id text PRIMARY KEY,
    receiver_id text NOT NULL,
    pool_id text NOT NULL,
    status text NOT NULL,
    reach_out text NOT NULL,
    vetting text NOT NULL,
    vetting_end_time timestamptz,
    area_cell text NOT NULL,
    country_code text NOT NULL,
    codes text[] NOT NULL,
    start_time timestamptz,
    end_time timestamptz,
    is_archived boolean NOT NULL,
    epoch text NOT NULL,
    revision bigint NOT NULL
);
CREATE INDEX provider_of_receiver ON provider (receiver_id) WHERE receiver_id <> '';
CREATE TABLE followed_feed (
    name text PRIMARY KEY,
    epoch text NOT NULL,
    revision bigint NOT NULL
);
