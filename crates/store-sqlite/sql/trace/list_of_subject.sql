-- Who looked at this number, newest first?
SELECT t.trace_id, t.uuid, t.kind, t.content_salt, t.content, t.traced_at, o.outcome
FROM trace t LEFT JOIN trace_outcome o ON o.uuid = t.uuid
WHERE t.tag = ?1 AND t.index_no = ?2 AND t.key_version = ?3
ORDER BY t.trace_id DESC
LIMIT ?4
