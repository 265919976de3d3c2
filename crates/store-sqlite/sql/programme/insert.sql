-- Registers a programme.
INSERT INTO programme (uuid, organisation, purpose, statute, aim, items, rows_a_day, last_day, by_account, entry_hash, proposed_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
