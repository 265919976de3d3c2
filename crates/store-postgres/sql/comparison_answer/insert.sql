-- Writes what a block answered, unless that is known.
INSERT INTO comparison_answer (block_id, flags_salt, flags, roots, entry_hash, answered_at)
SELECT block_id, $2, $3, $4, $5, $6 FROM comparison_block WHERE uuid = $1
ON CONFLICT (block_id) DO NOTHING
