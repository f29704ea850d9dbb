-- The counters that order what watchers see; `services.runtime.feed` explains them.
CREATE TABLE feed (
    name text PRIMARY KEY,
    epoch uuid NOT NULL,
    revision bigint NOT NULL CHECK (revision >= 0)
);

-- The root: a feed that nobody has written to yet has its epoch.
INSERT INTO feed (name, epoch, revision) VALUES ('', gen_random_uuid(), 0);
