-- An event is tried again later.
UPDATE event_delivery SET attempts = ?2, next_at = ?3 WHERE event_id = ?1
