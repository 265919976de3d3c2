-- Who holds the lease, with which token, until when? Holds it until the transaction ends.
SELECT token, holder, held_until FROM lease WHERE name = $1 FOR UPDATE
