-- Ends the sessions of a key.
DELETE FROM client_session WHERE client_key = $1
