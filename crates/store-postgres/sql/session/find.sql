-- The session of a token.
SELECT token_hash, account, is_verified, csrf, created_at, used_at, expires_at FROM session WHERE token_hash = $1
