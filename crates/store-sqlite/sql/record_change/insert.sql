-- Notes the order of events.
INSERT INTO record_change (person_id, record_id, event_no) VALUES (?1, ?2, ?3)
