-- Whose secret is under a version of the wrapping key before this one?
SELECT delivery_id, uuid, key FROM delivery
WHERE delivery_id > $1 AND key IS NOT NULL AND substring(key FROM 2 FOR 2) < $2
ORDER BY delivery_id LIMIT $3
