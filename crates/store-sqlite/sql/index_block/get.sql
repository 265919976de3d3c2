-- One block, with the first key of the next one of its run.
SELECT block_id, entries, (SELECT first_key FROM index_block after WHERE after.block_id = block.block_id + 1)
FROM index_block block
WHERE block_id = ?1
