-- The highest number given to a person so far.
SELECT COALESCE(MAX(person_id), 0) FROM person
