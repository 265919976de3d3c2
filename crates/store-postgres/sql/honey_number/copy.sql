-- Enters numbers that were never issued under the tags of a later version of the index key, too.
INSERT INTO honey_number (tag, index_no, key_version, added_at)
SELECT moved.to_tag, h.index_no, moved.to_version, h.added_at
FROM unnest($1::bytea[], $2::smallint[], $3::integer[], $4::bytea[], $5::integer[])
    AS moved (from_tag, index_no, from_version, to_tag, to_version)
JOIN honey_number h ON h.tag = moved.from_tag AND h.index_no = moved.index_no AND h.key_version = moved.from_version
ON CONFLICT (tag, index_no, key_version) DO NOTHING
