-- What happened to all records of a person, oldest first within each record?
SELECT record_id, kind, known_at, effective_day
FROM record_event
WHERE person_id = ?1
ORDER BY record_id, event_no
