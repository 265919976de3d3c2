-- The matters of organisations with these numbers, in the order asked: events so far, and from which day each is closed.
SELECT m.matter_id, m.uuid, m.organisation, m.matter_no, m.purpose, m.opened_day, m.registered_at,
       (SELECT COUNT(*)::integer FROM matter_event e WHERE e.matter_id = m.matter_id),
       (SELECT CASE kind WHEN 'closed' THEN effective_day END FROM matter_event e WHERE e.matter_id = m.matter_id
        ORDER BY event_no DESC LIMIT 1)
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked (organisation, matter_no, place)
JOIN matter m ON m.organisation = asked.organisation AND m.matter_no = asked.matter_no
ORDER BY asked.place
