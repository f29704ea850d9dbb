-- Whether the push service took the last signal: whoever is not reached must not be the only one who is rung.
ALTER TABLE duty_push ADD COLUMN is_reached boolean NOT NULL DEFAULT true;
