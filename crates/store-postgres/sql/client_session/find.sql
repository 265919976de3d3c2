-- One session of a department's system.
SELECT uuid, client_key, created_at, expires_at FROM client_session WHERE uuid = $1
