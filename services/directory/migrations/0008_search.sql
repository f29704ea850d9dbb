-- Who works somewhere is searched by; when a desk was heard is shown with its providers.

ALTER TABLE provider ADD COLUMN staff_genders text[] NOT NULL DEFAULT '{}';
-- The revision of what is told of the provider, where a later one only brings it into the feed again.
ALTER TABLE provider ADD COLUMN told_revision bigint;
ALTER TABLE receiver ADD COLUMN heard_time timestamptz;

-- Which form of the columns beside `doc` a row has: rows of an older one are written anew (store/renewing.py).
ALTER TABLE provider ADD COLUMN columns_form smallint NOT NULL DEFAULT 0;
CREATE INDEX provider_old_columns ON provider (provider_id) WHERE columns_form < 1;
