-- Enters a record as shown by a look-up; what is entered stays.
INSERT INTO disclosure (record_id, look_up, end_day, is_fresh)
SELECT record_id, ?2, end_day, 1 FROM record WHERE record_id = ?1
ON CONFLICT (record_id, look_up) DO NOTHING
