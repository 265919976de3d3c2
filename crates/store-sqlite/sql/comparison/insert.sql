-- Begins a comparison, unless one stands under its key.
INSERT INTO comparison (uuid, programme_id, by_account, client, request_key, request_tag, asked_at)
SELECT ?1, programme_id, ?3, ?4, ?5, ?6, ?7 FROM programme
WHERE uuid = ?2 AND NOT EXISTS (SELECT 1 FROM comparison WHERE request_key = ?5)
