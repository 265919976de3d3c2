-- Says the latest about a lock again: a comparison index keeps locks by tag and reads on from the last row that it saw, so it
-- learns of another tag by a new row only.
INSERT INTO file_lock (tag, index_no, key_version, is_locked, by_account, entry_hash, set_at)
SELECT tag, index_no, key_version, is_locked, by_account, entry_hash, set_at FROM file_lock
WHERE tag = ?1 AND index_no = ?2 AND key_version = ?3 ORDER BY lock_id DESC LIMIT 1
