-- Adds outcomes of traces; where there is one, the first stands.
INSERT INTO trace_outcome (uuid, outcome, ended_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[])
ON CONFLICT (uuid) DO NOTHING
