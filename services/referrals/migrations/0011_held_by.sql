-- Whose places are held: a sender's own are counted at every referral that it makes, and nobody else's.
ALTER TABLE hold ADD COLUMN client_id text NOT NULL DEFAULT '';
UPDATE hold SET client_id = referral.client_id
FROM offer JOIN referral USING (referral_id) WHERE offer.offer_id = hold.offer_id;
CREATE INDEX hold_of_client ON hold (client_id) WHERE state = 'held';
