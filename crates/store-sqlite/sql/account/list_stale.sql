-- Which accounts of officers and administrators does nobody use? A leaver's should be ended.
SELECT a.uuid, a.kind, a.login, a.password_hash, a.totp_salt, a.totp, a.organisation, a.identity_salt, a.identity, a.key,
       a.created_at, a.holder, e.ended_at, u.used_at
FROM account a LEFT JOIN account_end e ON e.account = a.uuid
LEFT JOIN account_use u ON u.account = a.uuid
WHERE a.kind <> 'resident' AND e.account IS NULL AND COALESCE(u.used_at, a.created_at) < ?1
ORDER BY a.account_id LIMIT ?2
