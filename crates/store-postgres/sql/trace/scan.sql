-- Traces with contents, in order of arrival.
SELECT trace_id, uuid, kind, tag, index_no, key_version, content_salt, content FROM trace
WHERE trace_id > $1 AND content IS NOT NULL ORDER BY trace_id LIMIT $2
