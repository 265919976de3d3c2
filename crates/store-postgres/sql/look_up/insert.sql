-- Writes who asked for what, beside the traces.
INSERT INTO look_up (uuid, organisation, by_account, client, purpose, matter_id, request_key, request_tag, tag, index_no,
                     key_version, asked_day, asked_at)
SELECT uuid, organisation, by_account, client, purpose, matter_id, request_key, request_tag, tag, index_no, key_version,
       asked_day, asked_at
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bytea[], $8::bytea[], $9::bytea[],
            $10::smallint[], $11::integer[], $12::integer[], $13::bigint[]) WITH ORDINALITY
     AS new (uuid, organisation, by_account, client, purpose, matter_id, request_key, request_tag, tag, index_no, key_version,
             asked_day, asked_at, place)
ORDER BY place
