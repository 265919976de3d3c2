-- All records of whoever stands under these tags, newest first.
SELECT r.record_id, c.uuid, r.person_id, r.item, r.provider, r.state, r.class, r.end_day, r.fact_tag, r.revision,
       r.content_tag, r.content_salt, r.content, c.committed_at
FROM record r JOIN chunk c ON c.chunk_id = r.record_id >> 20
WHERE r.person_id = COALESCE(
        (SELECT b.person_id
         FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS asked (tag, index_no, key_version)
         JOIN blind_index b ON b.tag = asked.tag AND b.index_no = asked.index_no AND b.key_version = asked.key_version
         LIMIT 1), 0)
ORDER BY r.record_id DESC
