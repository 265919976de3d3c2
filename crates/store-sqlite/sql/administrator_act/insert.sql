-- Writes down what an administrator did.
INSERT INTO administrator_act (uuid, kind, by_account, about, happened_at, entry_hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
