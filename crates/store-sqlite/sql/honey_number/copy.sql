-- Enters a number that was never issued under the tag of a later version of the index key, too.
INSERT INTO honey_number (tag, index_no, key_version, added_at)
SELECT ?4, index_no, ?5, added_at FROM honey_number WHERE tag = ?1 AND index_no = ?2 AND key_version = ?3
ON CONFLICT (tag, index_no, key_version) DO NOTHING
