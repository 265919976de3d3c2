-- Counts one attempt.
INSERT INTO attempt (key, tried_at) VALUES ($1, $2)
