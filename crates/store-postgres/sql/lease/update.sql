-- Renews the lease or hands it to the next holder.
UPDATE lease SET token = $2, holder = $3, held_until = $4 WHERE name = $1
