-- Says about whom an emergency is, and for what.
INSERT INTO break_glass (procedure, purpose, tag, index_no, key_version, by_account, minutes, entry_hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
