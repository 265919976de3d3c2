-- Notes the last login of an account.
INSERT INTO account_use (account, used_at) VALUES ($1, $2)
ON CONFLICT (account) DO UPDATE SET used_at = excluded.used_at
