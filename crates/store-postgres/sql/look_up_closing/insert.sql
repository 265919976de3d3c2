-- Closes a look-up; no row if it is closed.
INSERT INTO look_up_closing (uuid, result, reference_salt, reference, by_account, entry_hash, closed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (uuid) DO NOTHING
