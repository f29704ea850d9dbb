-- Organizations, services, locations, receivers and providers, as design.md part 4 says.
--
-- `doc` is the record's message on the wire without what the server sets at
-- every change. The other columns repeat what is searched, joined or locked by.
-- There is no column that could hold the exact point of a confidential site.

CREATE TABLE organization (
    organization_id uuid PRIMARY KEY,
    revision bigint NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    dataset text,
    source_key text,
    sort_name text NOT NULL,
    doc bytea NOT NULL,
    UNIQUE (dataset, source_key)
);
CREATE INDEX organization_sort_name ON organization (sort_name, organization_id) WHERE NOT archived;

CREATE TABLE service (
    service_id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organization,
    revision bigint NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    dataset text,
    source_key text,
    sort_name text NOT NULL,
    doc bytea NOT NULL,
    UNIQUE (dataset, source_key)
);
CREATE INDEX service_sort_name ON service (sort_name, service_id) WHERE NOT archived;
CREATE INDEX service_organization ON service (organization_id);

CREATE TABLE location (
    location_id uuid PRIMARY KEY,
    organization_id uuid REFERENCES organization,
    disclosure text NOT NULL CHECK (disclosure IN ('PUBLIC', 'AREA')),
    revision bigint NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    dataset text,
    source_key text,
    sort_name text NOT NULL,
    doc bytea NOT NULL,
    UNIQUE (dataset, source_key)
);
CREATE INDEX location_sort_name ON location (sort_name, location_id) WHERE NOT archived;

CREATE TABLE receiver (
    receiver_id uuid PRIMARY KEY,
    organization_id uuid REFERENCES organization,
    revision bigint NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    doc bytea NOT NULL
);

CREATE TABLE provider (
    provider_id uuid PRIMARY KEY,
    revision bigint NOT NULL UNIQUE, -- of feed 'providers', taken last
    archived boolean NOT NULL DEFAULT false,
    organization_id uuid NOT NULL REFERENCES organization,
    service_id uuid NOT NULL REFERENCES service,
    location_id uuid NOT NULL REFERENCES location,
    receiver_id uuid REFERENCES receiver,
    pool_id text NOT NULL,
    dataset text,
    source_key text,
    disclosure text NOT NULL CHECK (disclosure IN ('PUBLIC', 'AREA')),
    h3_cell text, -- of a confidential site
    position point, -- (longitude_deg, latitude_deg) of a public one
    country_code text NOT NULL,
    status text NOT NULL CHECK (status IN ('DRAFT', 'ACTIVE', 'PAUSED', 'DO_NOT_REFER', 'CLOSED')),
    start_time timestamptz,
    end_time timestamptz,
    codes text[] NOT NULL, -- claimed yes or unknown, with the codes above them
    languages text[] NOT NULL, -- with the tags above them
    words tsvector NOT NULL, -- normalised words of its names
    has_free_places boolean NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    doc bytea NOT NULL,
    UNIQUE (dataset, source_key),
    -- R16: whatever a program does, a confidential site has no point here
    CHECK (disclosure = 'PUBLIC' OR position IS NULL),
    CHECK (disclosure = 'AREA' OR h3_cell IS NULL)
);
CREATE INDEX provider_organization ON provider (organization_id);
CREATE INDEX provider_service ON provider (service_id);
CREATE INDEX provider_location ON provider (location_id);
CREATE INDEX provider_receiver ON provider (receiver_id) WHERE receiver_id IS NOT NULL;
CREATE INDEX provider_pool ON provider (pool_id);
CREATE INDEX provider_position ON provider USING gist (position) WHERE NOT archived;
CREATE INDEX provider_codes ON provider USING gin (codes) WHERE NOT archived;
CREATE INDEX provider_words ON provider USING gin (words) WHERE NOT archived;
CREATE INDEX provider_cell ON provider (h3_cell) WHERE h3_cell IS NOT NULL;

-- As of revision R a provider is its last row <= R.
CREATE TABLE provider_history (
    provider_id uuid NOT NULL REFERENCES provider,
    revision bigint NOT NULL,
    archived boolean NOT NULL,
    doc bytea NOT NULL,
    actor text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (provider_id, revision)
);

-- Every report ever made; the newest of a pool and population counts.
CREATE TABLE place_report (
    pool_id text NOT NULL,
    population text NOT NULL,
    report_time timestamptz NOT NULL,
    total integer,
    occupied integer,
    actor text NOT NULL,
    recorded_time timestamptz NOT NULL,
    PRIMARY KEY (pool_id, population, report_time)
);

-- The first answer of each command. Its digest and answer go when a record becomes
-- confidential: both could give back where it was.
CREATE TABLE request_key (
    client_id text NOT NULL,
    request_id text NOT NULL,
    method text NOT NULL,
    digest bytea,
    object_id uuid NOT NULL,
    answer bytea,
    create_time timestamptz NOT NULL,
    PRIMARY KEY (client_id, request_id)
);
CREATE INDEX request_key_object ON request_key (object_id);

CREATE TABLE import_run (
    run_id uuid PRIMARY KEY,
    dataset text NOT NULL,
    digest text NOT NULL, -- SHA-256 of the file and its mapping
    state text NOT NULL CHECK (state IN ('running', 'done')),
    last_row bigint NOT NULL DEFAULT 0, -- rows up to this one are committed
    read_count bigint NOT NULL DEFAULT 0,
    created_count bigint NOT NULL DEFAULT 0,
    updated_count bigint NOT NULL DEFAULT 0,
    unchanged_count bigint NOT NULL DEFAULT 0,
    archived_count bigint NOT NULL DEFAULT 0,
    duplicate_count bigint NOT NULL DEFAULT 0,
    rejected_count bigint NOT NULL DEFAULT 0,
    actor text NOT NULL,
    start_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL
);
CREATE UNIQUE INDEX import_run_open ON import_run (dataset, digest) WHERE state = 'running';

-- Keys that a run has met: for repeats in the file, and for what the file no longer has.
CREATE TABLE import_key (
    run_id uuid NOT NULL REFERENCES import_run ON DELETE CASCADE,
    source_key text NOT NULL,
    row_number bigint NOT NULL,
    PRIMARY KEY (run_id, source_key)
);
