-- How far is this delivery, and has it ended? Guards the next chunk.
SELECT EXISTS (SELECT 1 FROM delivery_receipt r WHERE r.delivery_id = $1),
       (SELECT COUNT(*)::integer FROM chunk c WHERE c.delivery_id = $1),
       (SELECT COALESCE(MAX(rows_done), 0) FROM chunk c WHERE c.delivery_id = $1)
