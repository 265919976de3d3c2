-- Revokes a key.
INSERT INTO client_key_end (client_key, revoked_at, act) VALUES (?1, ?2, ?3)
