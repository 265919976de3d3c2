-- Gives a waiting row the tag of a later version of the index key.
UPDATE staged_row SET tag = ?2, key_version = ?3 WHERE uuid = ?1 AND key_version < ?3
