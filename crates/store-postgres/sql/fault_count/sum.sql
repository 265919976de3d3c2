-- How many faults has a delivery, by code?
SELECT f.code, SUM(f.faults)::bigint
FROM chunk c JOIN fault_count f ON f.chunk_id = c.chunk_id
WHERE c.delivery_id = $1
GROUP BY f.code
