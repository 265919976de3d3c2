-- How many of these persons are there? Guards the records of a chunk in place of a foreign key.
SELECT COUNT(*) FROM person WHERE person_id = ANY ($1::bigint[])
