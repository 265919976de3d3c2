-- How many events does a matter have?
SELECT COUNT(*)::integer FROM matter_event WHERE matter_id = $1
