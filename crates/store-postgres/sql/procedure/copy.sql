-- Opens the procedures of a chunk.
COPY procedure (uuid, kind, organisation, staged_row, person_id, reason, details_salt, details, opened_at, due_at)
FROM STDIN BINARY
