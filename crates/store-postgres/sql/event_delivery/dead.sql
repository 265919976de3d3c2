-- Events that were given up, in their order.
SELECT e.event_id, e.uuid, e.kind, e.look_up, e.record_id, c.uuid, e.organisation, e.client, e.happened_at,
       COALESCE(t.told_at, (SELECT MIN(a.acked_at) FROM event_ack a
                            WHERE a.organisation = e.organisation AND a.client IS NOT DISTINCT FROM e.client AND a.up_to >= e.event_id)),
       q.client, n.url, q.attempts
FROM event_delivery q
JOIN client_endpoint n ON n.endpoint_id = (SELECT MAX(endpoint_id) FROM client_endpoint WHERE client = q.client)
JOIN event e ON e.event_id = q.event_id
LEFT JOIN chunk c ON c.chunk_id = e.record_id >> 20
LEFT JOIN event_told t ON t.event_id = e.event_id
WHERE q.is_dead = 1 AND n.url IS NOT NULL
ORDER BY q.event_id LIMIT $1
