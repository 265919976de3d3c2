-- What happened to all records of whoever stands under these tags, oldest first within each?
SELECT e.record_id, e.kind, e.known_at, e.effective_day
FROM record_event e
WHERE e.person_id = COALESCE(
        (SELECT b.person_id
         FROM unnest($1::bytea[], $2::smallint[], $3::integer[]) AS asked (tag, index_no, key_version)
         JOIN blind_index b ON b.tag = asked.tag AND b.index_no = asked.index_no AND b.key_version = asked.key_version
         LIMIT 1), 0)
ORDER BY e.record_id, e.event_no
