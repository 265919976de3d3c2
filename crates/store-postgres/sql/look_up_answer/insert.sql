-- Adds what look-ups answered; the first answer of each stands. Which of them are new?
INSERT INTO look_up_answer (uuid, content_salt, content, must_close, close_by, entry_hash, answered_at)
SELECT uuid, content_salt, content, CASE WHEN close_by IS NULL THEN 0 ELSE 1 END, close_by, entry_hash, answered_at
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::integer[], $5::bytea[], $6::bigint[])
     AS new (uuid, content_salt, content, close_by, entry_hash, answered_at)
ON CONFLICT (uuid) DO NOTHING
RETURNING uuid
