-- Who did what to which object, and whether it was allowed: one row an act, in the act's own transaction.
-- No case content: object and request ids are hashed.
CREATE TABLE audit (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('worker', 'system')),
    via_system text, -- the system through which a worker acted
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id_hash bytea, -- null where the act is on no single object
    decision text NOT NULL CHECK (decision IN ('allowed', 'refused')),
    reason text, -- a code
    request_id_hash bytea
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
