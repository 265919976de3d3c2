-- The next page of chunks in order of their number.
SELECT chunk_id, uuid, delivery_id, chunk_no, rows_done, committed_at, records, received, recorded, repeated, held,
       pending, refused, corrected, withdrawn, entry_hash
FROM chunk WHERE chunk_id > $1 ORDER BY chunk_id LIMIT $2
