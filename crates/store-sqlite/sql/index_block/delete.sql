-- Removes the blocks of a run.
DELETE FROM index_block WHERE block_id BETWEEN ?1 << 20 AND (?1 << 20) + 1048575
