-- Erases the content of a row that is being resolved; no row if it was resolved before.
UPDATE staged_row SET content_salt = NULL, content = NULL
WHERE uuid = ?1 AND content IS NOT NULL
RETURNING staged_id
