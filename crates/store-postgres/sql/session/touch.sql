-- Notes that a session is used, if it stands; one that ended does not come back.
UPDATE session SET used_at = GREATEST(used_at, $2) WHERE token_hash = $1
