-- R33: whose vetting will soon end is asked for, and rung up before it does.
ALTER TABLE provider ADD COLUMN vetting_expire_time timestamptz; -- NULL: it has no end, or there is none
CREATE INDEX provider_vetting_expiry ON provider (vetting_expire_time, provider_id)
    WHERE vetting_expire_time IS NOT NULL AND NOT archived;

-- A row has one more column beside `doc`: older ones are written anew (store/renewing.py).
DROP INDEX provider_old_columns;
CREATE INDEX provider_old_columns ON provider (provider_id) WHERE columns_form < 2;
