-- Enters what a person is to an officer.
INSERT INTO declared_relation (by_account, tag, index_no, key_version, kind, declared_at)
SELECT $4, tag, index_no, key_version, $5, $6
FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS new (tag, index_no, key_version)
ON CONFLICT (by_account, tag, index_no, key_version) DO NOTHING
