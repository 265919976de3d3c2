-- Clears away a few nonces that their time alone refuses now.
DELETE FROM client_nonce
WHERE nonce_hash IN (SELECT nonce_hash FROM client_nonce WHERE expires_at < ?1 ORDER BY expires_at LIMIT 8)
