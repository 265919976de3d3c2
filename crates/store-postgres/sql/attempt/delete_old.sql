-- Forgets attempts that no limit looks at any more.
DELETE FROM attempt WHERE key = $1 AND tried_at <= $2
