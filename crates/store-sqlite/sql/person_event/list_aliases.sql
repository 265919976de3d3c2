-- Confirmed aliases of a person, sealed.
SELECT reason_salt, reason FROM person_event WHERE person_id = ?1 AND kind = 'alias_confirmed' ORDER BY event_id
