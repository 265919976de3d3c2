-- The block of a run in which a key would be, or the run's first one, with the first key of the next one. One statement, whether
-- the key lies before all others or not: how many are run must not tell who is there (R12).
SELECT block_id, entries, (SELECT first_key FROM index_block after WHERE after.block_id = block.block_id + 1)
FROM index_block block
WHERE block_id = COALESCE((SELECT block_id FROM index_block WHERE run_id = ?1 AND first_key <= ?2 ORDER BY first_key DESC LIMIT 1), ?1 << 20)
