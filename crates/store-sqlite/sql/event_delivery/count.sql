-- How many events wait, how many were given up, and when was the oldest that waits made?
SELECT COUNT(*) FILTER (WHERE d.is_dead = 0), COUNT(*) FILTER (WHERE d.is_dead = 1),
       MIN(e.made_at) FILTER (WHERE d.is_dead = 0)
FROM event_delivery d JOIN event e ON e.event_id = d.event_id
