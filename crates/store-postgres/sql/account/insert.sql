-- Creates an account; no row if login name, id or holder is taken.
INSERT INTO account (uuid, kind, login, password_hash, totp_salt, totp, organisation, identity_salt, identity, key, created_at,
    holder)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT DO NOTHING
