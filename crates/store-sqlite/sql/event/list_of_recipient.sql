-- Events of a recipient after a place, in their order.
SELECT e.event_id, e.uuid, e.kind, e.look_up, e.record_id, c.uuid, e.organisation, e.client, e.happened_at,
       COALESCE(t.told_at, (SELECT MIN(a.acked_at) FROM event_ack a
                            WHERE a.organisation = e.organisation AND a.client IS e.client AND a.up_to >= e.event_id))
FROM event e
LEFT JOIN chunk c ON c.chunk_id = e.record_id >> 20
LEFT JOIN event_told t ON t.event_id = e.event_id
WHERE e.organisation = ?1 AND e.client IS ?2 AND e.event_id > ?3
ORDER BY e.event_id LIMIT ?4
