-- What refusals say of a provider's record goes to the directory, once; refusals that are alike are looked at.
ALTER TABLE decline
    ADD COLUMN sent_time timestamptz, -- of a correction to the directory
    ADD COLUMN likeness bytea; -- keyed digest of the provider and the refused person's status class; null: none is known
CREATE INDEX decline_to_send ON decline (create_time) WHERE is_correction AND sent_time IS NULL;
CREATE INDEX decline_alike ON decline (likeness, create_time) WHERE likeness IS NOT NULL;
