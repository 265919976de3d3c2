-- Appends an act on a key.
INSERT INTO key_act (uuid, document, by_account, happened_at, entry_hash) VALUES (?1, ?2, ?3, ?4, ?5)
