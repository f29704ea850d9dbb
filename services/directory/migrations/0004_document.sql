-- Documents of HSDS beside the records, apart from them: nobody searches, matches or streams by them.
--
-- A document belongs to the record of its dataset and key, if there is one. It is of public
-- records alone: whatever a program does, one about a confidential site is deleted (R16, R21).

CREATE TABLE document (
    document_id uuid PRIMARY KEY,
    dataset text NOT NULL,
    table_name text NOT NULL, -- of HSDS
    source_key text NOT NULL,
    hsds_id text NOT NULL,
    doc text NOT NULL, -- JSON, byte for byte as it was sent
    actor text NOT NULL,
    update_time timestamptz NOT NULL,
    UNIQUE (dataset, table_name, source_key)
);

CREATE FUNCTION forget_documents_of_location() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known_id text;
BEGIN
    SELECT hsds_id INTO known_id FROM document
    WHERE dataset = NEW.dataset AND table_name = 'location' AND source_key = NEW.source_key;
    -- what names the location, whatever it is: it may tell where it is
    DELETE FROM document
    WHERE dataset = NEW.dataset AND table_name <> 'organization'
      AND (position(coalesce(known_id, NEW.source_key) IN doc) > 0
           OR (table_name = 'location' AND source_key = NEW.source_key));
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_documents AFTER INSERT OR UPDATE OF disclosure ON location
FOR EACH ROW WHEN (NEW.disclosure = 'AREA') EXECUTE FUNCTION forget_documents_of_location();

CREATE FUNCTION forget_documents_of_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM document
    WHERE dataset = NEW.dataset AND table_name = 'service_at_location' AND source_key = NEW.source_key;
    DELETE FROM document USING service
    WHERE service.service_id = NEW.service_id AND document.dataset = service.dataset
      AND table_name = 'service' AND document.source_key = service.source_key;
    DELETE FROM document USING organization
    WHERE organization.organization_id = NEW.organization_id AND document.dataset = organization.dataset
      AND table_name = 'organization' AND document.source_key = organization.source_key
      AND NOT EXISTS (
          SELECT FROM provider
          WHERE provider.organization_id = NEW.organization_id AND provider.disclosure = 'PUBLIC' AND NOT provider.archived
      );
    RETURN NULL;
END
$$;
CREATE TRIGGER forget_documents AFTER INSERT OR UPDATE OF disclosure ON provider
FOR EACH ROW WHEN (NEW.disclosure = 'AREA') EXECUTE FUNCTION forget_documents_of_provider();
