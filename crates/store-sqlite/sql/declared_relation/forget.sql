-- Deletes relations below the floor of the index key that stand under a later tag.
DELETE FROM declared_relation WHERE tag = ?1 AND index_no = ?2 AND key_version = ?3
