-- Begins a delivery; no row if the same provider, item and bytes began before.
INSERT INTO delivery (uuid, provider, item, content_hash, bytes, key, file_name_salt, file_name, by_account, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (provider, item, content_hash) DO NOTHING
