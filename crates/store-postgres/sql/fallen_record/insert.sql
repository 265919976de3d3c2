-- Notes that records fell.
INSERT INTO fallen_record (record_id) SELECT unnest($1::bigint[])
