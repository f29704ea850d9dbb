-- The latest event of a sender's feed that a paused endpoint was not told of: told once it is resumed.
ALTER TABLE endpoint
    ADD COLUMN missed_event_id text,
    ADD COLUMN missed_revision bigint,
    ADD CHECK ((missed_event_id IS NULL) = (missed_revision IS NULL));
