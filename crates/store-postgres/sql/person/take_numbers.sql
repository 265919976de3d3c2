-- Numbers for the persons of a chunk.
SELECT nextval('person_number') AS number FROM generate_series(1, $1::integer) ORDER BY number
