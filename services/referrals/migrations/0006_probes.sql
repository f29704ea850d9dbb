-- A referral may begin as a question without identity: nobody is told of a person, and no consent is needed yet.
-- Whoever stands at the door of a house that was asked is let in all the same, so its state is not bound to one.
ALTER TABLE referral ALTER COLUMN consent_id DROP NOT NULL;
CREATE INDEX offer_probing ON offer (referral_id) WHERE state = 'probing';
