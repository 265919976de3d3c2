-- Begins a comparison, unless one stands under its key.
INSERT INTO comparison (uuid, programme_id, by_account, client, request_key, request_tag, asked_at)
SELECT $1, programme_id, $3, $4, $5, $6, $7 FROM programme WHERE uuid = $2
ON CONFLICT (request_key) DO NOTHING
