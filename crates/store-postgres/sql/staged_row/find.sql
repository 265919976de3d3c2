-- One staged row by public id.
SELECT uuid, delivery_id, line, kind, reason, tag, index_no, key_version, content_salt, content
FROM staged_row
WHERE uuid = $1
