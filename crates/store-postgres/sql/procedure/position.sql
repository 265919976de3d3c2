-- Which procedure is this, who handles it, and how many steps has it? Guards the next step.
SELECT p.procedure_id, p.organisation,
       (SELECT COUNT(*)::integer FROM procedure_step s WHERE s.procedure_id = p.procedure_id)
FROM procedure p
WHERE p.uuid = $1
