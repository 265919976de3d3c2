-- One emergency, and until when it lasts if it was granted.
SELECT b.purpose, b.tag, b.index_no, b.key_version, b.by_account, b.minutes, n.noticed_at, n.ends_at
FROM break_glass b LEFT JOIN subject_notice n ON n.procedure = b.procedure
WHERE b.procedure = ?1
