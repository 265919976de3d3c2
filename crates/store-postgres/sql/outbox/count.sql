-- How many effects wait for a place in the log?
SELECT COUNT(*) FROM outbox
