-- Keeps that the binding of an account ended, if one is in force.
INSERT INTO account_subject_end (binding, ended_at, act)
SELECT binding, ?2, ?3 FROM account_subject_live WHERE account = ?1
