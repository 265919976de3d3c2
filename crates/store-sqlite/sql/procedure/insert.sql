-- Opens a procedure.
INSERT INTO procedure (uuid, kind, organisation, staged_row, person_id, reason, details_salt, details, opened_at, due_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
