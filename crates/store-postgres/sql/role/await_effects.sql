-- Waits until every transaction that has begun effects ends.
SELECT pg_advisory_xact_lock($1)
