-- Appends an event of a matter.
INSERT INTO matter_event (matter_id, event_no, kind, effective_day, by_account, known_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
