-- What was said last about the lock of these numbers, and below which version of the index key is nobody looked for?
SELECT (SELECT f.is_locked
        FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS asked (tag, index_no, key_version)
        JOIN file_lock f ON f.tag = asked.tag AND f.index_no = asked.index_no AND f.key_version = asked.key_version
        ORDER BY f.lock_id DESC LIMIT 1),
       version
FROM key_floor WHERE key = 'index'
