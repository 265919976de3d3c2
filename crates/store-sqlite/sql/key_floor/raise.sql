-- Nothing is written under versions before this one any more.
UPDATE key_floor SET version = max(version, ?2) WHERE key = ?1
