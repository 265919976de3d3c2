-- Forgets the attempts under a key, after a success.
DELETE FROM attempt WHERE key = $1
