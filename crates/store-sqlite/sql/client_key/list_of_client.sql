-- The keys of a system, oldest first: their ids grow with time.
SELECT k.uuid, k.client, k.algorithm, k.public_key, k.valid_from, k.valid_until, e.revoked_at
FROM client_key k LEFT JOIN client_key_end e ON e.client_key = k.uuid
WHERE k.client = ?1 ORDER BY k.uuid
