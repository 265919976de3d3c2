-- It was looked at that the records' ends have passed.
UPDATE disclosure d SET end_day = NULL
FROM unnest($1::bigint[], $2::uuid[]) AS seen (record_id, look_up)
WHERE d.record_id = seen.record_id AND d.look_up = seen.look_up
