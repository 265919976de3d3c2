-- Clears away a few sessions that are over.
DELETE FROM client_session
WHERE uuid IN (SELECT uuid FROM client_session WHERE expires_at < ?1 ORDER BY expires_at LIMIT 8)
