-- Registers a key.
INSERT INTO client_key (uuid, client, algorithm, public_key, valid_from, valid_until, act)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
