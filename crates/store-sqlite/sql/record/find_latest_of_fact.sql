-- The latest revision of a fact.
SELECT record_id, revision, content_tag, state
FROM record
WHERE person_id = ?1 AND fact_tag = ?2
ORDER BY revision DESC
LIMIT 1
