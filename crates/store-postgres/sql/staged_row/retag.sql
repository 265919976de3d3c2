-- Gives waiting rows the tags of a later version of the index key.
UPDATE staged_row SET tag = moved.tag, key_version = moved.version
FROM unnest($1::uuid[], $2::bytea[], $3::integer[]) AS moved (uuid, tag, version)
WHERE staged_row.uuid = moved.uuid AND staged_row.key_version < moved.version
