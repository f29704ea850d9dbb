-- What one provider is asked for in one plan: its offers are told by one alert (R52).
ALTER TABLE offer
    ADD COLUMN part_id text NOT NULL DEFAULT ''; -- empty: an offer that stands alone
CREATE INDEX offer_of_part ON offer (part_id, offer_id) WHERE part_id <> '';
