-- The oldest effects that wait for a place in the log.
SELECT kind, entry_hash FROM outbox ORDER BY outbox_id LIMIT $1
