-- Says the latest about these locks again: a comparison index keeps locks by tag and reads on from the last row that it saw, so
-- it learns of another tag by a new row only.
INSERT INTO file_lock (tag, index_no, key_version, is_locked, by_account, entry_hash, set_at)
SELECT DISTINCT ON (f.tag, f.index_no, f.key_version)
       f.tag, f.index_no, f.key_version, f.is_locked, f.by_account, f.entry_hash, f.set_at
FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS moved (tag, index_no, key_version)
JOIN file_lock f ON f.tag = moved.tag AND f.index_no = moved.index_no AND f.key_version = moved.key_version
ORDER BY f.tag, f.index_no, f.key_version, f.lock_id DESC
