-- One person.
SELECT person_id, uuid, secret, identity_salt, identity FROM person WHERE person_id = ?1
