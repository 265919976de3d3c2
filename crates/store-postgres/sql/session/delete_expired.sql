-- Ends the sessions whose time is over.
DELETE FROM session WHERE expires_at < $1
