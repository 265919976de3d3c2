-- Adds what a look-up answered; the first answer stands.
INSERT INTO look_up_answer (uuid, content_salt, content, must_close, close_by, entry_hash, answered_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (uuid) DO NOTHING
