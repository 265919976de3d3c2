-- Confirmed aliases of these persons, sealed.
SELECT person_id, reason_salt, reason FROM person_event
WHERE person_id = ANY ($1::bigint[]) AND kind = 'alias_confirmed' ORDER BY event_id
