-- Moves emergencies to the tags of a later version of the index key.
UPDATE break_glass SET tag = moved.to_tag, key_version = moved.to_version
FROM unnest($1::bytea[], $2::smallint[], $3::integer[], $4::bytea[], $5::integer[])
    AS moved (from_tag, index_no, from_version, to_tag, to_version)
WHERE break_glass.tag = moved.from_tag AND break_glass.index_no = moved.index_no AND break_glass.key_version = moved.from_version
