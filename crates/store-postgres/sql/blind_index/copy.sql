-- Enters the tags of new persons; a tag that is there already means that a person appeared meanwhile.
COPY blind_index (tag, index_no, key_version, person_id) FROM STDIN BINARY
