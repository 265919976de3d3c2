-- These persons, in the order asked.
SELECT p.person_id, p.uuid, p.secret, p.identity_salt, p.identity
FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (person_id, place)
JOIN person p ON p.person_id = asked.person_id
ORDER BY asked.place
