-- Deletes numbers below the floor of the index key that stand under later tags.
DELETE FROM honey_number
USING unnest($1::bytea[], $2::smallint[], $3::integer[]) AS moved (tag, index_no, key_version)
WHERE honey_number.tag = moved.tag AND honey_number.index_no = moved.index_no AND honey_number.key_version = moved.key_version
