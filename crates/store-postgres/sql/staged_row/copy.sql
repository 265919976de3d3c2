-- Keeps the rows of a chunk until their questions are resolved.
COPY staged_row (uuid, delivery_id, line, kind, reason, tag, index_no, key_version, content_salt, content)
FROM STDIN BINARY
