-- One count at a time under a key, so that the last of many sees all of them.
SELECT pg_advisory_xact_lock($1)
