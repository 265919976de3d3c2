-- Whose tag is this?
SELECT person_id FROM blind_index WHERE tag = $1 AND index_no = $2 AND key_version = $3
