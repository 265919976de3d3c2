-- Counts the records of a chunk by item and birth state.
INSERT INTO chunk_count (chunk_id, item, state, records)
SELECT $1::bigint, * FROM unnest($2::text[], $3::text[], $4::integer[])
