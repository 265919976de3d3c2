-- Erases the content of rows that are being resolved; fewer rows if one was resolved before.
UPDATE staged_row SET content_salt = NULL, content = NULL
WHERE uuid = ANY ($1::uuid[]) AND content IS NOT NULL
RETURNING staged_id
