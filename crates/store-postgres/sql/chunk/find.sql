-- The chunk that gave out these public ids.
SELECT chunk_id, uuid, delivery_id, chunk_no, rows_done, committed_at, records, received, recorded, repeated, held,
       pending, refused, corrected, withdrawn, entry_hash
FROM chunk WHERE uuid = $1
