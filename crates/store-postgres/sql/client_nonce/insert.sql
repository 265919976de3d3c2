-- Remembers a nonce; no row if it is remembered already.
INSERT INTO client_nonce (nonce_hash, expires_at) VALUES ($1, $2)
ON CONFLICT DO NOTHING
