-- Enters what a person is to an officer.
INSERT INTO declared_relation (by_account, tag, index_no, key_version, kind, declared_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (by_account, tag, index_no, key_version) DO NOTHING
