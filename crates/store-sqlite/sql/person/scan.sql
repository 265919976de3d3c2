-- Persons in order of their numbers.
SELECT person_id, uuid, secret, identity_salt, identity FROM person WHERE person_id > ?1 ORDER BY person_id LIMIT ?2
