-- How far do tags, further tags, records, their events and locks go?
SELECT (SELECT COALESCE(MAX(person_id), 0) FROM person), (SELECT COALESCE(MAX(change_id), 0) FROM tag_change),
       (SELECT COALESCE(MAX(record_id), 0) FROM record),
       (SELECT COALESCE(MAX(change_id), 0) FROM record_change), (SELECT COALESCE(MAX(lock_id), 0) FROM file_lock)
