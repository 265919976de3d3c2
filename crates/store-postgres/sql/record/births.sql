-- In which state were these records born, and what happened to them? Guards events.
SELECT r.record_id, r.state,
       ARRAY(SELECT e.kind FROM record_event e
             WHERE e.person_id = r.person_id AND e.record_id = r.record_id ORDER BY e.event_no)
FROM unnest($1::bigint[], $2::bigint[]) AS asked (person_id, record_id)
JOIN record r ON r.person_id = asked.person_id AND r.record_id = asked.record_id
