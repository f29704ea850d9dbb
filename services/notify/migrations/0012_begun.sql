-- In which epoch notify has begun what it tells. Another one in `feed` says that the database was restored since.
CREATE TABLE begun (
    what text PRIMARY KEY CHECK (what IN ('alerts', 'streams')),
    epoch uuid NOT NULL
);
INSERT INTO begun (what, epoch) SELECT what, epoch FROM feed, unnest(ARRAY['alerts', 'streams']) AS what WHERE name = '';

-- What rang before a restore rings once more under another id, since a desk's software knows the old one: of a version
-- of an offer there may be several alerts, of which one rings.
ALTER TABLE alert DROP CONSTRAINT alert_offer_id_offer_version_key;
CREATE UNIQUE INDEX alert_of_version ON alert (offer_id, offer_version, settled_time) NULLS NOT DISTINCT
    WHERE offer_id IS NOT NULL;
