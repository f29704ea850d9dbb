-- One alert for all offers that one provider is asked for at once in a plan (R52).
ALTER TABLE offer ADD COLUMN part_id text; -- null: it stands alone
CREATE INDEX offer_of_part ON offer (part_id) WHERE part_id IS NOT NULL;
ALTER TABLE alert
    ADD COLUMN part_id text,
    ADD COLUMN offer_ids text[]; -- all of them; null: the offer alone
CREATE UNIQUE INDEX alert_of_part ON alert (part_id) WHERE part_id IS NOT NULL AND settled_time IS NULL;
