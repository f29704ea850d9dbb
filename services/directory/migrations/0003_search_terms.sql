-- What is offered and in which language are asked together: one index answers both.
DROP INDEX provider_codes;
CREATE INDEX provider_terms ON provider USING gin (codes, languages) WHERE NOT archived;
CREATE INDEX provider_country ON provider (country_code) WHERE NOT archived;
