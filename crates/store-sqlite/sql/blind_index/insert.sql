-- Enters a tag of a new person; a tag that is there already means that the person appeared meanwhile.
INSERT INTO blind_index (tag, index_no, key_version, person_id) VALUES (?1, ?2, ?3, ?4)
