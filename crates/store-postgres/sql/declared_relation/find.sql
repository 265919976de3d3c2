-- What is the person of these numbers to an officer, and below which version of the index key is nobody looked for?
SELECT (SELECT r.kind
        FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS asked (tag, index_no, key_version)
        JOIN declared_relation r ON r.by_account = $4 AND r.tag = asked.tag AND r.index_no = asked.index_no
             AND r.key_version = asked.key_version
        LIMIT 1),
       version
FROM key_floor WHERE key = 'index'
