-- Enters records as shown by look-ups; what is entered stays.
INSERT INTO disclosure (record_id, look_up, end_day, is_fresh)
SELECT r.record_id, new.look_up, r.end_day, 1
FROM unnest($1::bigint[], $2::uuid[]) AS new (record_id, look_up)
JOIN record r ON r.record_id = new.record_id
ON CONFLICT (record_id, look_up) DO NOTHING
