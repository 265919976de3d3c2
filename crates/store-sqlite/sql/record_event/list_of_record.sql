-- What happened to a record, oldest first?
SELECT record_id, kind, known_at, effective_day
FROM record_event
WHERE person_id = ?1 AND record_id = ?2
ORDER BY event_no
