-- Referrals of a plan: a provider takes a number of a group, and the rest is matched again.
ALTER TABLE need
    ADD COLUMN items jsonb NOT NULL DEFAULT '[]'; -- [[population, count], ...] of a group; empty: one person, or who stays together
ALTER TABLE offer
    ADD COLUMN is_divisible boolean NOT NULL DEFAULT false;
