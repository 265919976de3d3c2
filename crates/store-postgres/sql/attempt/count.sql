-- How many attempts lie after this moment?
SELECT COUNT(*) FROM attempt WHERE key = $1 AND tried_at > $2
