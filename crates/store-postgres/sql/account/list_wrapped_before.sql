-- Whose secret is under a version of the wrapping key before this one?
SELECT account_id, uuid, key FROM account
WHERE account_id > $1 AND key IS NOT NULL AND substring(key FROM 2 FOR 2) < $2
ORDER BY account_id LIMIT $3
