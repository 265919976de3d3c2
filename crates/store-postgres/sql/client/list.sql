-- Systems in order of registration.
SELECT uuid, organisation, name, registered_at FROM client ORDER BY client_id LIMIT $1
