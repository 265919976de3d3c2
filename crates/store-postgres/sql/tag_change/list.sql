-- The B2 tags of those who got further ones, in that order.
SELECT t.change_id, b.tag, b.index_no, b.key_version, b.person_id
FROM (SELECT change_id, person_id FROM tag_change WHERE change_id > $1 AND change_id <= $2 ORDER BY change_id LIMIT $3) t
JOIN blind_index b ON b.person_id = t.person_id AND b.index_no = 2
ORDER BY t.change_id
