-- The next page of all rows of a kind that still wait.
SELECT uuid, delivery_id, line, kind, reason, tag, index_no, key_version, content_salt, content
FROM staged_row
WHERE kind = $1 AND uuid > $2 AND content IS NOT NULL
ORDER BY uuid
LIMIT $3
