-- One block or step of a programme at a time, so that the next sees what it counts.
SELECT pg_advisory_xact_lock(hashtextextended('programme ' || $1::text, 0))
