-- How many messages within the stream are known to be lost: more of them are a loss that was not there before (F19).
ALTER TABLE relayed_stream ADD COLUMN missing_count bigint NOT NULL DEFAULT 0;
