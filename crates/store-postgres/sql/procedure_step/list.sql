-- The steps of a procedure, oldest first.
SELECT s.state, s.by_account, s.taken_at
FROM procedure p JOIN procedure_step s ON s.procedure_id = p.procedure_id
WHERE p.uuid = $1
ORDER BY s.step_no
