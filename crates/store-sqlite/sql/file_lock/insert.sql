-- Locks a number, or opens it again.
INSERT INTO file_lock (tag, index_no, key_version, is_locked, by_account, entry_hash, set_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
