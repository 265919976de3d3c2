-- Enters relations under the tag of a later version of the index key, too.
INSERT INTO declared_relation (by_account, tag, index_no, key_version, kind, declared_at)
SELECT by_account, ?4, index_no, ?5, kind, declared_at FROM declared_relation
WHERE tag = ?1 AND index_no = ?2 AND key_version = ?3
ON CONFLICT (by_account, tag, index_no, key_version) DO NOTHING
