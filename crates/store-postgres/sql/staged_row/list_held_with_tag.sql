-- Held rows of a number that still wait.
SELECT uuid, delivery_id, line, kind, reason, tag, index_no, key_version, content_salt, content
FROM staged_row
WHERE tag = $1 AND index_no = $2 AND key_version = $3 AND kind = 'held' AND content IS NOT NULL
ORDER BY staged_id
