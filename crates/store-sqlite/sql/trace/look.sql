-- One look-up with all that is known of it.
SELECT t.trace_id, t.uuid, t.kind, t.content_salt, t.content, t.traced_at, o.outcome, t.entry_hash,
       l.organisation, l.by_account, l.client, l.purpose,
       a.content_salt, a.content, a.close_by, a.entry_hash, a.answered_at,
       c.result, c.reference_salt, c.reference, c.by_account, c.entry_hash, c.closed_at,
       (SELECT MAX(until_at) FROM withholding w WHERE w.uuid = t.uuid)
FROM look_up l
JOIN trace t ON t.uuid = l.uuid
LEFT JOIN trace_outcome o ON o.uuid = t.uuid
LEFT JOIN look_up_answer a ON a.uuid = t.uuid
LEFT JOIN look_up_closing c ON c.uuid = t.uuid
WHERE l.uuid = ?1
