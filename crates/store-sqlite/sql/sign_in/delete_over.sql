-- Clears away a few questions that nobody answered.
DELETE FROM sign_in
WHERE state_hash IN (SELECT state_hash FROM sign_in WHERE expires_at < ?1 ORDER BY expires_at LIMIT 8)
