-- Appends events; a number within a record is taken if another writer saw the same state.
COPY record_event (person_id, record_id, event_no, kind, effective_day, known_at, reason_salt, reason, entry_hash)
FROM STDIN BINARY
