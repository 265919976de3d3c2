-- It was looked at who was shown the records.
DELETE FROM fallen_record WHERE fallen_id = ANY ($1::bigint[])
