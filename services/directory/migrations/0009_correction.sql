-- Suggestions that come from what providers say when they refuse.
ALTER TABLE suggestion ADD COLUMN reason text NOT NULL DEFAULT ''; -- of the refusal; empty: a desk asks for it
