-- Reasons of the steps of a procedure, oldest first.
SELECT s.reason_salt, s.reason
FROM procedure p JOIN procedure_step s ON s.procedure_id = p.procedure_id
WHERE p.uuid = ?1
ORDER BY s.step_no
