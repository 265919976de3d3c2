-- Look-ups to be closed, those due first coming first: of one organisation, one officer, due before a day, if given. One that
-- was closed before its answer was written down is closed.
SELECT t.trace_id, t.uuid, t.kind, t.content_salt, t.content, t.traced_at, o.outcome, t.entry_hash,
       l.organisation, l.by_account, l.client, l.purpose,
       a.content_salt, a.content, a.close_by, a.entry_hash, a.answered_at,
       c.result, c.reference_salt, c.reference, c.by_account, c.entry_hash, c.closed_at,
       (SELECT MAX(until_at) FROM withholding w WHERE w.uuid = t.uuid)
FROM look_up_open q
JOIN look_up l ON l.look_up_id = q.look_up_id
JOIN trace t ON t.uuid = l.uuid
LEFT JOIN trace_outcome o ON o.uuid = t.uuid
LEFT JOIN look_up_answer a ON a.uuid = t.uuid
LEFT JOIN look_up_closing c ON c.uuid = t.uuid
WHERE c.uuid IS NULL AND ($1::text IS NULL OR q.organisation = $1) AND ($2::uuid IS NULL OR q.by_account = $2)
  AND ($3::integer IS NULL OR q.close_by < $3)
ORDER BY q.close_by, q.look_up_id LIMIT $4
