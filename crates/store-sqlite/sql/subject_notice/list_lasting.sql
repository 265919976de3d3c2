-- Which emergencies of this organisation were granted and last? Oldest first.
SELECT n.procedure
FROM subject_notice n JOIN procedure p ON p.uuid = n.procedure
WHERE n.ends_at > ?2 AND p.organisation = ?1
ORDER BY n.notice_id LIMIT ?3
