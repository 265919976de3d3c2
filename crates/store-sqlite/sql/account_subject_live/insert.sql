-- Puts a binding into force; no row if the subject or the account has one.
INSERT INTO account_subject_live (subject, account, binding) VALUES (?1, ?2, ?3)
ON CONFLICT DO NOTHING
