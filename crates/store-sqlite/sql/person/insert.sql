-- Creates a person.
INSERT INTO person (person_id, uuid, secret, identity_salt, identity) VALUES (?1, ?2, ?3, ?4, ?5)
