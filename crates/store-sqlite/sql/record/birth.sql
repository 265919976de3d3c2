-- Whose record is this, and in which state was it born? Guards events.
SELECT person_id, state FROM record WHERE record_id = ?1
