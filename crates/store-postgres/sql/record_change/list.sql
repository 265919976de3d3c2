-- Events of records in the order in which they were committed.
SELECT c.change_id, c.person_id, e.record_id, e.kind, e.known_at, e.effective_day
FROM record_change c
JOIN record_event e ON e.person_id = c.person_id AND e.record_id = c.record_id AND e.event_no = c.event_no
WHERE c.change_id > $1 AND c.change_id <= $2 ORDER BY c.change_id LIMIT $3
