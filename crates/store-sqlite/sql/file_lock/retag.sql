-- Moves locks to the tag of a later version of the index key; their order stays.
UPDATE file_lock SET tag = ?4, key_version = ?5 WHERE tag = ?1 AND index_no = ?2 AND key_version = ?3
