-- Answers are kept for 90 days; that a command was given is known for good.
ALTER TABLE request_key ALTER COLUMN body_digest DROP NOT NULL, ALTER COLUMN answer DROP NOT NULL;
CREATE INDEX request_key_old ON request_key (create_time) WHERE answer IS NOT NULL;
