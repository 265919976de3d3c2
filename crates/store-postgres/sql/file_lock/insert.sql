-- Locks numbers, or opens them again.
INSERT INTO file_lock (tag, index_no, key_version, is_locked, by_account, entry_hash, set_at)
SELECT tag, index_no, key_version, $4, $5, $6, $7
FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS new (tag, index_no, key_version)
