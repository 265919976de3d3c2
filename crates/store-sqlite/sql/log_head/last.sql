-- The head of a log that was signed last.
SELECT origin, size, root, signature FROM log_head WHERE origin = ?1 ORDER BY size DESC LIMIT 1
