-- Notes which transaction resolved these staged rows.
INSERT INTO staged_resolution (staged_id, chunk_id) SELECT unnest($1::bigint[]), $2::bigint
