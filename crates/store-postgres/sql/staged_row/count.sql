-- How many of these staged rows are there, resolved or not?
SELECT COUNT(*) FROM staged_row WHERE uuid = ANY ($1::uuid[])
