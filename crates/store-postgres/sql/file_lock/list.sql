-- What was said about locks, in that order.
SELECT lock_id, tag, index_no, key_version, is_locked
FROM file_lock WHERE lock_id > $1 AND lock_id <= $2 ORDER BY lock_id LIMIT $3
