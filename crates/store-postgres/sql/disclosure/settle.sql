-- It was looked at whether the records fell since the look-ups showed them.
UPDATE disclosure d SET is_fresh = 0
FROM unnest($1::bigint[], $2::uuid[]) AS seen (record_id, look_up)
WHERE d.record_id = seen.record_id AND d.look_up = seen.look_up
