-- Moves locks to the tags of a later version of the index key, and says to which; their order stays.
UPDATE file_lock SET tag = moved.to_tag, key_version = moved.to_version
FROM unnest($1::bytea[], $2::smallint[], $3::integer[], $4::bytea[], $5::integer[])
    AS moved (from_tag, index_no, from_version, to_tag, to_version)
WHERE file_lock.tag = moved.from_tag AND file_lock.index_no = moved.index_no AND file_lock.key_version = moved.from_version
RETURNING file_lock.tag, file_lock.index_no, file_lock.key_version
