-- Keeps the fault lines of a chunk.
INSERT INTO fault_block (chunk_id, lines) VALUES ($1, $2)
