-- Makes a group of traces durable.
INSERT INTO trace (uuid, kind, tag, index_no, key_version, content_salt, content, entry_hash, traced_at)
SELECT uuid, kind, tag, index_no, key_version, content_salt, content, entry_hash, traced_at
FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::smallint[], $5::integer[], $6::bytea[], $7::bytea[], $8::bytea[],
            $9::bigint[]) WITH ORDINALITY
     AS new (uuid, kind, tag, index_no, key_version, content_salt, content, entry_hash, traced_at, place)
ORDER BY place
