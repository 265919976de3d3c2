-- Takes a step of a programme.
INSERT INTO programme_step (programme_id, kind, by_account, entry_hash, happened_at)
SELECT programme_id, ?2, ?3, ?4, ?5 FROM programme WHERE uuid = ?1
