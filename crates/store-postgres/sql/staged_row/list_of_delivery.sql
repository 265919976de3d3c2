-- The next page of staged rows of a delivery, in order of lines; of a line that was staged anew, the latest row.
SELECT uuid, delivery_id, line, kind, reason, tag, index_no, key_version, content_salt, content
FROM staged_row s
WHERE delivery_id = $1 AND line > $2
  AND NOT EXISTS (SELECT 1 FROM staged_row newer
                  WHERE newer.delivery_id = s.delivery_id AND newer.line = s.line AND newer.staged_id > s.staged_id)
ORDER BY line
LIMIT $3
