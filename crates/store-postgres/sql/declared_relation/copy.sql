-- Enters relations under the tags of a later version of the index key, too.
INSERT INTO declared_relation (by_account, tag, index_no, key_version, kind, declared_at)
SELECT r.by_account, moved.to_tag, r.index_no, moved.to_version, r.kind, r.declared_at
FROM unnest($1::bytea[], $2::smallint[], $3::integer[], $4::bytea[], $5::integer[])
    AS moved (from_tag, index_no, from_version, to_tag, to_version)
JOIN declared_relation r ON r.tag = moved.from_tag AND r.index_no = moved.index_no AND r.key_version = moved.from_version
ON CONFLICT (by_account, tag, index_no, key_version) DO NOTHING
