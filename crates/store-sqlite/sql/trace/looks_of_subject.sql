-- Looks at a number with all that is known of them, newest first, from one back.
SELECT t.trace_id, t.uuid, t.kind, t.content_salt, t.content, t.traced_at, o.outcome, t.entry_hash,
       l.organisation, l.by_account, l.client, l.purpose,
       a.content_salt, a.content, a.close_by, a.entry_hash, a.answered_at,
       c.result, c.reference_salt, c.reference, c.by_account, c.entry_hash, c.closed_at,
       (SELECT MAX(until_at) FROM withholding w WHERE w.uuid = t.uuid)
FROM trace t
LEFT JOIN look_up l ON l.uuid = t.uuid
LEFT JOIN trace_outcome o ON o.uuid = t.uuid
LEFT JOIN look_up_answer a ON a.uuid = t.uuid
LEFT JOIN look_up_closing c ON c.uuid = t.uuid
WHERE t.tag = ?1 AND t.index_no = ?2 AND t.key_version = ?3 AND t.trace_id < ?4
ORDER BY t.trace_id DESC LIMIT ?5
