-- Begins a session.
INSERT INTO session (token_hash, account, is_verified, csrf, created_at, used_at, expires_at, binding, second_factor_until,
                     provider_session)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
