-- What was said last about the lock of a number?
SELECT lock_id, is_locked FROM file_lock WHERE tag = ?1 AND index_no = ?2 AND key_version = ?3 ORDER BY lock_id DESC LIMIT 1
