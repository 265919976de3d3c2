-- Counts the faults of a chunk by code.
INSERT INTO fault_count (chunk_id, code, faults) VALUES (?1, ?2, ?3)
