-- How many records are there, by item and birth state?
SELECT item, state, SUM(records)::bigint FROM chunk_count GROUP BY item, state ORDER BY item, state
