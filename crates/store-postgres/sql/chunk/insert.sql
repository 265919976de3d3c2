-- Writes the row that stands for a whole transaction: receipt of its records, counts, resume point.
INSERT INTO chunk (uuid, delivery_id, chunk_no, rows_done, committed_at, records, new_persons, received, recorded,
                   repeated, held, pending, refused, corrected, withdrawn, entry_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
RETURNING chunk_id
