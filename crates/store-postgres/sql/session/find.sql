-- The session of a token; none whose binding is no longer in force, and none without a binding of an account that has one.
SELECT token_hash, account, is_verified, csrf, created_at, used_at, expires_at, binding, second_factor_until, provider_session
FROM session s
WHERE token_hash = $1
  AND CASE WHEN binding IS NULL THEN NOT EXISTS (SELECT 1 FROM account_subject_live l WHERE l.account = s.account)
           ELSE EXISTS (SELECT 1 FROM account_subject_live l WHERE l.binding = s.binding) END
