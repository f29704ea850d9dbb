-- Making good what the bus has lost: which stream it was, how far it had come, and how often an event was told again.

ALTER TABLE event ADD COLUMN repair_no integer NOT NULL DEFAULT 0;
CREATE TABLE relayed_stream (
    name text PRIMARY KEY,
    created_time timestamptz, -- null: not looked at since a loss was met
    last_sequence bigint NOT NULL
);
