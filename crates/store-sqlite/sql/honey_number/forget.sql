-- Deletes a number below the floor of the index key that stands under a later tag.
DELETE FROM honey_number WHERE tag = ?1 AND index_no = ?2 AND key_version = ?3
