-- A recipient has read up to a place, if it had not read as far before.
INSERT INTO event_ack (organisation, client, up_to, acked_at)
SELECT ?1, ?2, ?3, ?4
WHERE NOT EXISTS (SELECT 1 FROM event_ack
                  WHERE organisation = ?1 AND client IS ?2 AND up_to >= ?3)
