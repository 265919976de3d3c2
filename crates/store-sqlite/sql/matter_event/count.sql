-- How many events does a matter have?
SELECT COUNT(*) FROM matter_event WHERE matter_id = ?1
