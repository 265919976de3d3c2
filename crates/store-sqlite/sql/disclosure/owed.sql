-- Who was shown these records, for which falls, and was not told yet?
SELECT v.kind, d.look_up, d.record_id, c.uuid, r.person_id, l.organisation, l.client, v.known_at
FROM disclosure d
JOIN record r ON r.record_id = d.record_id
JOIN chunk c ON c.chunk_id = r.record_id >> 20
JOIN record_event v ON v.person_id = r.person_id AND v.record_id = r.record_id AND v.kind IN ('corrected', 'withdrawn', 'repaired', 'ended')
JOIN look_up l ON l.uuid = d.look_up
WHERE d.record_id IN (SELECT value FROM json_each(?1))
  AND NOT EXISTS (SELECT 1 FROM event e WHERE e.record_id = d.record_id AND e.look_up = d.look_up AND e.kind = v.kind)
ORDER BY v.known_at, v.record_id, v.event_no
