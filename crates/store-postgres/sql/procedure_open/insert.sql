-- Puts a procedure on the list of its organisation.
INSERT INTO procedure_open (organisation, procedure_id) VALUES ($1, $2)
ON CONFLICT (procedure_id) DO NOTHING
