-- It was looked at who was shown the record.
DELETE FROM fallen_record WHERE fallen_id = ?1
