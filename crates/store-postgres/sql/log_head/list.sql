-- The next page of a log's signed heads.
SELECT origin, size, root, signature FROM log_head WHERE origin = $1 AND size >= $2 ORDER BY size LIMIT $3
