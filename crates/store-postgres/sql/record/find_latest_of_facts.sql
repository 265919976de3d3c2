-- The latest revision of each fact with the kinds of its events, in the order asked.
SELECT r.record_id, r.revision, r.content_tag, r.state,
       ARRAY(SELECT e.kind FROM record_event e
             WHERE e.person_id = asked.person_id AND e.record_id = r.record_id ORDER BY e.event_no)
FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (person_id, fact_tag, place)
LEFT JOIN LATERAL (
    SELECT record_id, revision, content_tag, state
    FROM record
    WHERE record.person_id = asked.person_id AND record.fact_tag = asked.fact_tag
    ORDER BY revision DESC
    LIMIT 1
) r ON TRUE
ORDER BY asked.place
