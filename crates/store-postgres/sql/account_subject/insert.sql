-- Keeps that a subject of the identity provider was bound to an account.
INSERT INTO account_subject (uuid, account, subject, bound_at, act) VALUES ($1, $2, $3, $4, $5)
