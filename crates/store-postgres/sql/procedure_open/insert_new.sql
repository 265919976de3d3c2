-- Puts procedures that were just opened on the lists of their organisations.
INSERT INTO procedure_open (organisation, procedure_id)
SELECT organisation, procedure_id FROM procedure WHERE uuid = ANY ($1::uuid[])
