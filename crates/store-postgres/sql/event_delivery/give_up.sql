-- An event is not tried any more.
UPDATE event_delivery SET attempts = $2, is_dead = 1 WHERE event_id = $1 AND is_dead = 0
