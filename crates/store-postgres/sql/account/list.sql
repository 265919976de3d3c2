-- Accounts in order of creation.
SELECT uuid, kind, login, password_hash, totp_salt, totp, organisation, identity_salt, identity, key, created_at
FROM account ORDER BY account_id LIMIT $1
