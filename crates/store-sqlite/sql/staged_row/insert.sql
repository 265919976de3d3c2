-- Keeps a row until its question is resolved.
INSERT INTO staged_row (uuid, delivery_id, line, kind, reason, tag, index_no, key_version, content_salt, content)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
