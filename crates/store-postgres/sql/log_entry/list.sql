-- The next page of the log.
SELECT log_index, kind, entry_hash, sequenced_at FROM log_entry WHERE log_index >= $1 ORDER BY log_index LIMIT $2
