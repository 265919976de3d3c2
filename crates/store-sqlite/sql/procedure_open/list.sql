-- The oldest open procedures of a kind, of everybody.
SELECT p.uuid, p.kind, p.organisation, p.staged_row, p.person_id, p.reason, p.details_salt, p.details, p.opened_at,
       p.due_at, s.state, COALESCE(s.step_no, 0)
FROM procedure_open o
JOIN procedure p ON p.procedure_id = o.procedure_id
LEFT JOIN procedure_step s ON s.procedure_id = p.procedure_id
     AND s.step_no = (SELECT MAX(step_no) FROM procedure_step WHERE procedure_id = p.procedure_id)
WHERE p.kind = ?2
ORDER BY o.procedure_id
LIMIT ?1
