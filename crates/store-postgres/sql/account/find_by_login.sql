-- Who logs in under this name?
SELECT uuid, kind, login, password_hash, totp_salt, totp, organisation, identity_salt, identity, key, created_at
FROM account WHERE login = $1
