-- Begins a session of a department's system.
INSERT INTO client_session (uuid, client_key, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)
