-- Counts the faults of a chunk by code.
INSERT INTO fault_count (chunk_id, code, faults) SELECT $1::bigint, * FROM unnest($2::text[], $3::bigint[])
