-- The endpoint of a system as it was set last.
SELECT client, url, set_at FROM client_endpoint WHERE client = $1 ORDER BY endpoint_id DESC LIMIT 1
