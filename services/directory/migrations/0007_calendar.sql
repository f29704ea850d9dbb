-- What is announced for a country or an area: Ramadan, feasts, closures, curfews (R48).

CREATE TABLE calendar_entry (
    calendar_entry_id uuid PRIMARY KEY,
    revision bigint NOT NULL UNIQUE, -- of feed 'calendar', taken last
    country_code text NOT NULL,
    last_day date, -- inside; NULL: until it is ended
    doc bytea NOT NULL,
    announced_by text NOT NULL,
    ended_by text,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL
);
CREATE INDEX calendar_entry_last_day ON calendar_entry (last_day);
