-- The first holder of a lease.
INSERT INTO lease (name, token, holder, held_until) VALUES (?1, 1, ?2, ?3)
