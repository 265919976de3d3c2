-- A recipient has read up to a place, if it had not read as far before.
INSERT INTO event_ack (organisation, client, up_to, acked_at)
SELECT $1, $2::uuid, $3::bigint, $4::bigint
WHERE NOT EXISTS (SELECT 1 FROM event_ack
                  WHERE organisation = $1 AND client IS NOT DISTINCT FROM $2::uuid AND up_to >= $3)
