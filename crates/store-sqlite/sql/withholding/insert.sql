-- Withholds a look-up, or renews it.
INSERT INTO withholding (uuid, step_no, law, organisation, until_at, by_account, entry_hash, decided_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
