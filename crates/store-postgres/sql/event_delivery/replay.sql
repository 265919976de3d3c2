-- All events of a system after a place go on their way again.
INSERT INTO event_delivery (event_id, client, lane, attempts, next_at, is_dead)
SELECT e.event_id, e.client, e.lane, 0, $3::bigint, 0
FROM event e
JOIN client_endpoint n ON n.endpoint_id = (SELECT MAX(endpoint_id) FROM client_endpoint WHERE client = e.client)
WHERE e.organisation = (SELECT organisation FROM client WHERE uuid = $1) AND e.client = $1 AND e.event_id > $2 AND n.url IS NOT NULL
ON CONFLICT (event_id) DO UPDATE SET attempts = 0, next_at = excluded.next_at, is_dead = 0
