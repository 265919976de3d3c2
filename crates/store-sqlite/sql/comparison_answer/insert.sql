-- Writes what a block answered.
INSERT INTO comparison_answer (block_id, flags_salt, flags, roots, entry_hash, answered_at)
SELECT block_id, ?2, ?3, ?4, ?5, ?6 FROM comparison_block WHERE uuid = ?1
