-- Enters the person who stands in where nobody is found (R12), unless there is one.
INSERT INTO person (person_id, uuid, secret) VALUES (0, $1, $2) ON CONFLICT (person_id) DO NOTHING
