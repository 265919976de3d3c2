-- The first holder of a lease; no row if there was one.
INSERT INTO lease (name, token, holder, held_until) VALUES ($1, 1, $2, $3)
ON CONFLICT (name) DO NOTHING
