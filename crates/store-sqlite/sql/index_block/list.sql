-- The next blocks of the runs of an index, in order of writing.
SELECT b.block_id, b.entries
FROM index_block b JOIN index_run r ON r.run_id = b.run_id
WHERE b.block_id > ?1 AND r.kind = ?2
ORDER BY b.block_id LIMIT ?3
