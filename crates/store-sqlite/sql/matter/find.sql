-- The matter of an organisation with this number: its events so far, and from which day it is closed, if the last closed it.
SELECT m.matter_id, m.uuid, m.organisation, m.matter_no, m.purpose, m.opened_day, m.registered_at,
       (SELECT COUNT(*) FROM matter_event e WHERE e.matter_id = m.matter_id),
       (SELECT CASE kind WHEN 'closed' THEN effective_day END FROM matter_event e WHERE e.matter_id = m.matter_id
        ORDER BY event_no DESC LIMIT 1)
FROM matter m WHERE m.organisation = ?1 AND m.matter_no = ?2
