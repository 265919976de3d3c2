-- Uses up a step; no row if it was used before.
INSERT INTO totp_step (account, step) VALUES ($1, $2)
ON CONFLICT (account, step) DO NOTHING
