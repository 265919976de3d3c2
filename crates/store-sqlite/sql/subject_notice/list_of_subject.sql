-- Which emergencies were granted about this number? Newest first.
SELECT n.procedure, p.organisation, p.reason, b.purpose, n.noticed_at, n.ends_at
FROM subject_notice n JOIN procedure p ON p.uuid = n.procedure JOIN break_glass b ON b.procedure = n.procedure
WHERE n.tag = ?1 AND n.index_no = ?2 AND n.key_version = ?3
ORDER BY n.notice_id DESC LIMIT ?4
