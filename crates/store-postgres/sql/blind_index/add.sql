-- Enters a further tag of a known person; no row if the tag is there already.
INSERT INTO blind_index (tag, index_no, key_version, person_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (tag, index_no, key_version) DO NOTHING
