-- The block of a run in which a key would be, with the first key of the next one, unless the key is before all.
SELECT block_id, entries, (SELECT first_key FROM index_block after WHERE after.block_id = block.block_id + 1)
FROM index_block block
WHERE run_id = ?1 AND first_key <= ?2
ORDER BY first_key DESC
LIMIT 1
