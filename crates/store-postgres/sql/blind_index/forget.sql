-- Deletes a portion of the tags below the floor of the index key.
DELETE FROM blind_index WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM blind_index WHERE key_version < (SELECT version FROM key_floor WHERE key = 'index') LIMIT $1
))
