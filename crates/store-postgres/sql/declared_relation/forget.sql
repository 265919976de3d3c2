-- Deletes relations below the floor of the index key that stand under later tags.
DELETE FROM declared_relation
USING unnest($1::bytea[], $2::smallint[], $3::integer[]) AS moved (tag, index_no, key_version)
WHERE declared_relation.tag = moved.tag AND declared_relation.index_no = moved.index_no AND declared_relation.key_version = moved.key_version
