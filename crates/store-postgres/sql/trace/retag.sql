-- Moves what stands under these tags to those of a later version of the index key.
UPDATE trace SET tag = moved.to_tag, key_version = moved.to_version
FROM unnest($1::bytea[], $2::smallint[], $3::integer[], $4::bytea[], $5::integer[])
    AS moved (from_tag, index_no, from_version, to_tag, to_version)
WHERE trace.tag = moved.from_tag AND trace.index_no = moved.index_no AND trace.key_version = moved.from_version
