-- Sends an event on its way, if its recipient is a system that has an endpoint.
INSERT INTO event_delivery (event_id, client, lane, attempts, next_at, is_dead)
SELECT e.event_id, e.client, e.lane, 0, e.made_at, 0
FROM event e
JOIN client_endpoint n ON n.endpoint_id = (SELECT MAX(endpoint_id) FROM client_endpoint WHERE client = e.client)
WHERE e.uuid = ?1 AND n.url IS NOT NULL
ON CONFLICT (event_id) DO NOTHING
