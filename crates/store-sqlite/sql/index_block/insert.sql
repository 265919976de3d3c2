-- Adds a block to a run.
INSERT INTO index_block (block_id, run_id, first_key, entries) VALUES (?1, ?2, ?3, ?4)
