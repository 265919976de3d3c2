-- What was given up goes on its way again.
UPDATE event_delivery SET attempts = 0, next_at = $1, is_dead = 0 WHERE is_dead = 1
