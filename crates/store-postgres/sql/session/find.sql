-- The session of a token; none whose binding is no longer in force.
SELECT token_hash, account, is_verified, csrf, created_at, used_at, expires_at, binding, second_factor_until, provider_session
FROM session s
WHERE token_hash = $1
  AND (binding IS NULL OR EXISTS (SELECT 1 FROM account_subject_live l WHERE l.binding = s.binding))
