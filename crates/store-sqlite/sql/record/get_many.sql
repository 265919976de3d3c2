-- These records, by number, newest first.
SELECT r.record_id, c.uuid, r.person_id, r.item, r.provider, r.state, r.class, r.end_day, r.fact_tag, r.revision,
       r.content_tag, r.content_salt, r.content, c.committed_at
FROM json_each(?1) asked
JOIN record r ON r.record_id = asked.value
JOIN chunk c ON c.chunk_id = r.record_id >> 20
ORDER BY r.record_id DESC
