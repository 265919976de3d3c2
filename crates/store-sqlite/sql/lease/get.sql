-- Who holds the lease, with which token, until when?
SELECT token, holder, held_until FROM lease WHERE name = ?1
