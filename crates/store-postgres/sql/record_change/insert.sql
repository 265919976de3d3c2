-- Notes the order of events.
INSERT INTO record_change (person_id, record_id, event_no)
SELECT person_id, record_id, event_no
FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) WITH ORDINALITY AS new (person_id, record_id, event_no, place)
ORDER BY place
