-- Answers that are kept no more are found by their age.
CREATE INDEX request_key_old ON request_key (create_time) WHERE answer IS NOT NULL;
