-- One account.
SELECT uuid, kind, login, password_hash, totp_salt, totp, organisation, identity_salt, identity, key, created_at
FROM account WHERE uuid = $1
