-- Takes the question that an answer belongs to, once.
DELETE FROM sign_in WHERE state_hash = ?1
RETURNING state_hash, browser_hash, session_hash, return_to, expires_at
