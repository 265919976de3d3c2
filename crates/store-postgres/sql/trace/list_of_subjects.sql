-- Who looked at these numbers, newest first?
SELECT t.uuid, t.kind, t.content_salt, t.content, t.traced_at, o.outcome
FROM (SELECT DISTINCT * FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS asked (tag, index_no, key_version)) a
JOIN trace t ON t.tag = a.tag AND t.index_no = a.index_no AND t.key_version = a.key_version
LEFT JOIN trace_outcome o ON o.uuid = t.uuid
ORDER BY t.trace_id DESC
LIMIT $4
