-- The next page of staged rows of a delivery, in order of lines.
SELECT uuid, delivery_id, line, kind, reason, tag, index_no, key_version, content_salt, content
FROM staged_row
WHERE delivery_id = ?1 AND line > ?2
ORDER BY line
LIMIT ?3
