-- Appends an event; the number within the record is taken if another writer saw the same state.
INSERT INTO record_event (person_id, record_id, event_no, kind, effective_day, known_at, reason_salt, reason, entry_hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
