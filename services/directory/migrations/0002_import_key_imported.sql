-- A key whose row was refused: its record is not archived, and a later row of the file may still bring it.
ALTER TABLE import_key ADD COLUMN imported boolean NOT NULL DEFAULT true;
