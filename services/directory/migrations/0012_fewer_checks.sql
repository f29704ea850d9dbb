-- Two checks that an import paid for with every row, and that nothing can break: a row of the history is written by
-- the statement that writes its provider, a key of a run in the transaction that holds the run, and neither a
-- provider nor a run is ever deleted.
ALTER TABLE provider_history DROP CONSTRAINT provider_history_provider_id_fkey;
ALTER TABLE import_key DROP CONSTRAINT import_key_run_id_fkey;
