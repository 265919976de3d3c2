-- Whose secret is under a version of the wrapping key before this one?
SELECT person_id, uuid, secret FROM person
WHERE person_id > $1 AND secret IS NOT NULL AND substring(secret FROM 2 FOR 2) < $2
ORDER BY person_id LIMIT $3
