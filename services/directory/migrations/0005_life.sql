-- How records live: when they were verified, where and how people are served, what is suggested, which lines are drawn.

ALTER TABLE provider ADD COLUMN verified_time timestamptz;
ALTER TABLE provider ADD COLUMN deliveries text[] NOT NULL DEFAULT '{}';
ALTER TABLE provider ADD COLUMN has_areas boolean NOT NULL DEFAULT false; -- service areas of its own
CREATE INDEX provider_verified ON provider (verified_time NULLS FIRST, provider_id) WHERE NOT archived;

-- The outlines of service areas, of providers and of services. Never of a confidential site (R16).
CREATE TABLE service_area (
    owner_id uuid NOT NULL, -- a provider or a service
    number integer NOT NULL,
    bounds box NOT NULL, -- (longitude_deg, latitude_deg); an outline across the antimeridian has two rows
    outline bytea NOT NULL, -- ihala.geo.v1.Polygon
    PRIMARY KEY (owner_id, number)
);
CREATE INDEX service_area_bounds ON service_area USING gist (bounds);

CREATE TABLE suggestion (
    suggestion_id uuid PRIMARY KEY,
    provider_id uuid NOT NULL REFERENCES provider,
    doc bytea NOT NULL, -- the fields that are to change, nothing else
    paths text[] NOT NULL,
    client_id text NOT NULL,
    actor text NOT NULL,
    create_time timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'forgotten')),
    reviewer text,
    review_time timestamptz
);
CREATE INDEX suggestion_waiting ON suggestion (create_time, suggestion_id) WHERE state = 'waiting';
CREATE INDEX suggestion_provider ON suggestion (provider_id);

CREATE TABLE line (
    line_id uuid PRIMARY KEY,
    revision bigint NOT NULL UNIQUE, -- of feed 'lines', taken last
    ended boolean NOT NULL DEFAULT false,
    doc bytea NOT NULL,
    drawn_by text NOT NULL,
    ended_by text,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL
);

-- R15: every read of a confidential record. Ids are hashed, as in the audit, whose row of the same act is sealed with it.
CREATE TABLE confidential_read (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    client_id text NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    record_hashes bytea[] NOT NULL, -- empty: all, in the feed
    purpose text, -- a code, where the caller says one
    case_hash bytea -- where the caller names a case
);
CREATE TRIGGER confidential_read_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON confidential_read
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
