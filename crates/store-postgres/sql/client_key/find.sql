-- A key, whether it was revoked, and whose it is. Asked at every request: a revocation binds at once.
SELECT k.uuid, k.client, k.algorithm, k.public_key, k.valid_from, k.valid_until, e.revoked_at,
       c.uuid, c.organisation, c.name, c.registered_at
FROM client_key k JOIN client c ON c.uuid = k.client LEFT JOIN client_key_end e ON e.client_key = k.uuid
WHERE k.uuid = $1
