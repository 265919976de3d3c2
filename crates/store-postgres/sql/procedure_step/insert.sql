-- Appends a step; the number is taken if another human saw the same state.
INSERT INTO procedure_step (procedure_id, step_no, state, by_account, reason_salt, reason, taken_at, entry_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
