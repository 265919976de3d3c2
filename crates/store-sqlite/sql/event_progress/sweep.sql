-- Look-ups that were not looked through yet, each with what it answered if it showed something that is not entered as shown.
SELECT l.look_up_id, l.uuid, l.organisation, l.client, l.asked_at, a.uuid IS NULL,
       o.outcome = 'disclosed' AND NOT EXISTS (SELECT 1 FROM disclosure d WHERE d.look_up = l.uuid),
       a.content_salt, a.content
FROM look_up l
LEFT JOIN look_up_answer a ON a.uuid = l.uuid
LEFT JOIN trace_outcome o ON o.uuid = l.uuid
WHERE l.look_up_id > COALESCE((SELECT look_up_id FROM event_progress), 0)
ORDER BY l.look_up_id LIMIT ?1
