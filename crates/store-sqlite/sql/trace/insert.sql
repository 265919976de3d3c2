-- Makes a trace durable.
INSERT INTO trace (uuid, kind, tag, index_no, key_version, content_salt, content, entry_hash, traced_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
