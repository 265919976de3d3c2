-- The binding in force of a subject.
SELECT s.uuid, s.account, s.subject, s.bound_at
FROM account_subject_live l JOIN account_subject s ON s.uuid = l.binding
WHERE l.subject = ?1
