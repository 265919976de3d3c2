-- How many persons are there? Every person was created by a chunk.
SELECT COALESCE(SUM(new_persons), 0)::bigint FROM chunk
