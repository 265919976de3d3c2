-- How long is the log?
SELECT COALESCE(MAX(log_index) + 1, 0) FROM log_entry
