-- The matters of an organisation, newest first.
SELECT m.matter_id, m.uuid, m.organisation, m.matter_no, m.purpose, m.opened_day, m.registered_at,
       (SELECT COUNT(*)::integer FROM matter_event e WHERE e.matter_id = m.matter_id),
       (SELECT CASE kind WHEN 'closed' THEN effective_day END FROM matter_event e WHERE e.matter_id = m.matter_id
        ORDER BY event_no DESC LIMIT 1)
FROM matter m WHERE m.organisation = $1 ORDER BY m.matter_id DESC LIMIT $2
