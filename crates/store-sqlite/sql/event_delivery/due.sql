-- Events to be sent now: the first of each lane, and of each system the few that have waited longest.
WITH due AS (
    SELECT d.event_id, d.client, d.attempts, d.next_at,
           row_number() OVER (PARTITION BY d.client ORDER BY d.next_at, d.event_id) AS place
    FROM event_delivery d
    WHERE d.is_dead = 0 AND d.next_at <= ?1
      AND NOT EXISTS (SELECT 1 FROM event_delivery b
                      WHERE b.client = d.client AND b.lane = d.lane AND b.event_id < d.event_id AND b.is_dead = 0)
)
SELECT e.event_id, e.uuid, e.kind, e.look_up, e.record_id, c.uuid, e.organisation, e.client, e.happened_at,
       COALESCE(t.told_at, (SELECT MIN(a.acked_at) FROM event_ack a
                            WHERE a.organisation = e.organisation AND a.client IS e.client AND a.up_to >= e.event_id)),
       q.client, n.url, q.attempts
FROM due q
JOIN client_endpoint n ON n.endpoint_id = (SELECT MAX(endpoint_id) FROM client_endpoint WHERE client = q.client)
JOIN event e ON e.event_id = q.event_id
LEFT JOIN chunk c ON c.chunk_id = e.record_id >> 20
LEFT JOIN event_told t ON t.event_id = e.event_id
WHERE q.place <= ?3 AND n.url IS NOT NULL
ORDER BY q.next_at, q.event_id LIMIT ?2
