-- Takes a step of a programme, unless it was taken.
INSERT INTO programme_step (programme_id, kind, by_account, entry_hash, happened_at)
SELECT programme_id, $2, $3, $4, $5 FROM programme WHERE uuid = $1
ON CONFLICT (programme_id, kind) DO NOTHING
