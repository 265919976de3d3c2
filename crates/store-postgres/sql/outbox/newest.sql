-- The newest effect of a kind that waits for a place in the log.
SELECT entry_hash FROM outbox WHERE kind = $1 ORDER BY outbox_id DESC LIMIT 1
