-- What happened to this person, oldest first? Links and their ends are seen from both sides.
SELECT kind, other_person_id, happened_at, event_id FROM person_event WHERE person_id = $1
UNION ALL
SELECT kind, person_id, happened_at, event_id FROM person_event
WHERE other_person_id = $1 AND kind IN ('linked', 'unlinked')
ORDER BY event_id
