-- Which account does this human hold?
SELECT a.uuid, a.kind, a.login, a.password_hash, a.totp_salt, a.totp, a.organisation, a.identity_salt, a.identity, a.key,
       a.created_at, a.holder, e.ended_at
FROM account a LEFT JOIN account_end e ON e.account = a.uuid
WHERE a.holder = ?1
