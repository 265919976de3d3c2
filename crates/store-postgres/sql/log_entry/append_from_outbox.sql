-- Gives the oldest waiting effects the next dense indexes and takes them out of the queue.
WITH taken AS (
    DELETE FROM outbox
    WHERE outbox_id IN (SELECT outbox_id FROM outbox ORDER BY outbox_id LIMIT $1)
    RETURNING outbox_id, kind, entry_hash
)
INSERT INTO log_entry (log_index, kind, entry_hash, sequenced_at)
SELECT (SELECT COALESCE(MAX(log_index) + 1, 0) FROM log_entry) + ROW_NUMBER() OVER (ORDER BY outbox_id) - 1,
       kind, entry_hash, $2::bigint
FROM taken
