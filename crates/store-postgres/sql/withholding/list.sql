-- Decisions to withhold a look-up, oldest first.
SELECT uuid, step_no, law, organisation, until_at, by_account, entry_hash, decided_at
FROM withholding WHERE uuid = $1 ORDER BY step_no
