-- Appends an event of a person.
INSERT INTO person_event (person_id, kind, other_person_id, reason_salt, reason, by_account, happened_at, entry_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
