-- The number of the last of a portion of further tags.
SELECT MAX(change_id) FROM (SELECT change_id FROM tag_change WHERE change_id > $1 AND change_id <= $2 ORDER BY change_id LIMIT $3) t
