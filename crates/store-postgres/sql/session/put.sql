-- Begins a session, or notes its use and second factor.
INSERT INTO session (token_hash, account, is_verified, csrf, created_at, used_at, expires_at, binding, second_factor_until,
                     provider_session)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (token_hash) DO UPDATE SET account = excluded.account, is_verified = excluded.is_verified,
    csrf = excluded.csrf, created_at = excluded.created_at, used_at = excluded.used_at, expires_at = excluded.expires_at,
    binding = excluded.binding, second_factor_until = excluded.second_factor_until, provider_session = excluded.provider_session
