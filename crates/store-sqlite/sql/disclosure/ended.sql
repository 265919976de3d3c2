-- Records that were shown and whose end lies before a day; the last column says whether something else ended them.
SELECT d.look_up, d.record_id, c.uuid, r.person_id, l.organisation, l.client, d.end_day,
       EXISTS (SELECT 1 FROM record_event v
               WHERE v.person_id = r.person_id AND v.record_id = r.record_id
                 AND v.kind IN ('corrected', 'withdrawn', 'repaired', 'ended', 'purged'))
FROM disclosure d
JOIN record r ON r.record_id = d.record_id
JOIN chunk c ON c.chunk_id = r.record_id >> 20
JOIN look_up l ON l.uuid = d.look_up
WHERE d.end_day < ?1
ORDER BY d.end_day, d.record_id, d.look_up LIMIT ?2
