-- One delivery with its end and the sums over its chunks.
SELECT d.delivery_id, d.uuid, d.provider, d.item, d.content_hash, d.bytes, d.key, d.file_name_salt, d.file_name,
       d.by_account, d.received_at, r.state, r.receipt, c.chunks, c.rows_done,
       c.received, c.recorded, c.repeated, c.held, c.pending, c.refused, c.corrected, c.withdrawn
FROM delivery d
LEFT JOIN delivery_receipt r ON r.delivery_id = d.delivery_id
CROSS JOIN LATERAL (
    SELECT COUNT(*)::integer AS chunks, COALESCE(MAX(rows_done), 0) AS rows_done,
           COALESCE(SUM(received), 0)::bigint AS received, COALESCE(SUM(recorded), 0)::bigint AS recorded,
           COALESCE(SUM(repeated), 0)::bigint AS repeated, COALESCE(SUM(held), 0)::bigint AS held,
           COALESCE(SUM(pending), 0)::bigint AS pending, COALESCE(SUM(refused), 0)::bigint AS refused,
           COALESCE(SUM(corrected), 0)::bigint AS corrected, COALESCE(SUM(withdrawn), 0)::bigint AS withdrawn
    FROM chunk WHERE chunk.delivery_id = d.delivery_id
) c
WHERE d.delivery_id = $1
