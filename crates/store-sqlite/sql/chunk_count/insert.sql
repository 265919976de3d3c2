-- Counts the records of a chunk by item and birth state.
INSERT INTO chunk_count (chunk_id, item, state, records) VALUES (?1, ?2, ?3, ?4)
