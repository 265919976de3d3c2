-- Enters numbers that were never issued.
INSERT INTO honey_number (tag, index_no, key_version, added_at)
SELECT tag, index_no, key_version, $4
FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS new (tag, index_no, key_version)
ON CONFLICT (tag, index_no, key_version) DO NOTHING
