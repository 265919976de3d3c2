-- Which traces stand under a version of the index key before this one?
SELECT trace_id, uuid, kind, tag, index_no, key_version, content_salt, content FROM trace
WHERE trace_id > ?1 AND key_version < ?2 ORDER BY trace_id LIMIT ?3
