-- Keeps a head that was signed, unless one as large is there.
INSERT INTO log_head (origin, size, root, signature)
SELECT $1::text, $2::bigint, $3::bytea, $4::bytea
WHERE NOT EXISTS (SELECT 1 FROM log_head WHERE origin = $1 AND size >= $2)
