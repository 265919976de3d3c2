-- One delivery with its end and the sums over its chunks.
SELECT d.delivery_id, d.uuid, d.provider, d.item, d.content_hash, d.bytes, d.key, d.file_name_salt, d.file_name,
       d.by_account, d.received_at, r.state, r.receipt,
       COUNT(c.chunk_id), COALESCE(MAX(c.rows_done), 0),
       COALESCE(SUM(c.received), 0), COALESCE(SUM(c.recorded), 0), COALESCE(SUM(c.repeated), 0),
       COALESCE(SUM(c.held), 0), COALESCE(SUM(c.pending), 0), COALESCE(SUM(c.refused), 0),
       COALESCE(SUM(c.corrected), 0), COALESCE(SUM(c.withdrawn), 0)
FROM delivery d
LEFT JOIN delivery_receipt r ON r.delivery_id = d.delivery_id
LEFT JOIN chunk c ON c.delivery_id = d.delivery_id
WHERE d.delivery_id = ?1
GROUP BY d.delivery_id
