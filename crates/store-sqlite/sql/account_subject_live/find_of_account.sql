-- The binding in force of an account.
SELECT s.uuid, s.account, s.subject, s.bound_at
FROM account_subject_live l JOIN account_subject s ON s.uuid = l.binding
WHERE l.account = ?1
