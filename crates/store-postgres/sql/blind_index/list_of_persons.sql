-- The B2 tags of persons in a range of numbers.
SELECT tag, index_no, key_version, person_id FROM blind_index WHERE person_id > $1 AND person_id <= $2 AND index_no = 2
