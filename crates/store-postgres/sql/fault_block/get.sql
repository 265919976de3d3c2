-- The fault lines of a chunk: no row past the last chunk, NULL if it had no faults.
SELECT b.lines
FROM chunk c LEFT JOIN fault_block b ON b.chunk_id = c.chunk_id
WHERE c.delivery_id = $1 AND c.chunk_no = $2
