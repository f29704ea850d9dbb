-- A need that a person said is met elsewhere, or needed no more: nobody is looked for, and no clock runs.
ALTER TABLE need ADD COLUMN is_settled boolean NOT NULL DEFAULT false;
