-- Moves what stands under a tag to that of a later version of the index key.
UPDATE trace SET tag = ?4, key_version = ?5 WHERE tag = ?1 AND index_no = ?2 AND key_version = ?3
