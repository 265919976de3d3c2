-- The newest sequenced version of something; the kind is named in full so that the partial index serves.
SELECT entry_hash FROM log_entry WHERE kind = $1 AND kind IN ('catalogue', 'policy') ORDER BY log_index DESC LIMIT 1
