-- How far do tags, records, their events and locks go?
SELECT (SELECT COALESCE(MAX(block_id), 0) FROM index_block), (SELECT COALESCE(MAX(record_id), 0) FROM record),
       (SELECT COALESCE(MAX(change_id), 0) FROM record_change), (SELECT COALESCE(MAX(lock_id), 0) FROM file_lock)
