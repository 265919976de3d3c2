-- The next page of all records in order of arrival.
SELECT r.record_id, c.uuid, r.person_id, r.item, r.provider, r.state, r.class, r.end_day, r.fact_tag, r.revision,
       r.content_tag, r.content_salt, r.content, c.committed_at
FROM record r JOIN chunk c ON c.chunk_id = r.record_id >> 20
WHERE r.record_id > $1
ORDER BY r.record_id
LIMIT $2
