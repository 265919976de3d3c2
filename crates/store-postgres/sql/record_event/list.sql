-- What happened to these records, oldest first within each?
SELECT e.record_id, e.kind, e.known_at, e.effective_day
FROM unnest($1::bigint[], $2::bigint[]) AS asked (person_id, record_id)
JOIN record_event e ON e.person_id = asked.person_id AND e.record_id = asked.record_id
ORDER BY e.record_id, e.event_no
