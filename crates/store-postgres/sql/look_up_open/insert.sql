-- Puts look-ups on the lists of those to be closed.
INSERT INTO look_up_open (organisation, look_up_id, by_account, close_by)
SELECT l.organisation, l.look_up_id, l.by_account, new.close_by
FROM unnest($1::uuid[], $2::integer[]) AS new (uuid, close_by)
JOIN look_up l ON l.uuid = new.uuid
WHERE new.close_by IS NOT NULL
