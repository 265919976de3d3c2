-- Events about records of persons, newest first.
SELECT e.event_id, e.uuid, e.kind, e.look_up, e.record_id, c.uuid, e.organisation, e.client, e.happened_at,
       COALESCE(t.told_at, (SELECT MIN(a.acked_at) FROM event_ack a
                            WHERE a.organisation = e.organisation AND a.client IS NOT DISTINCT FROM e.client AND a.up_to >= e.event_id))
FROM event e
JOIN record r ON r.record_id = e.record_id
LEFT JOIN chunk c ON c.chunk_id = e.record_id >> 20
LEFT JOIN event_told t ON t.event_id = e.event_id
WHERE r.person_id = ANY ($1::bigint[])
ORDER BY e.event_id DESC LIMIT $2
