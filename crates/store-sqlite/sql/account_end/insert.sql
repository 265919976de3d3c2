-- Ends an account.
INSERT INTO account_end (account, ended_at, act) VALUES (?1, ?2, ?3)
