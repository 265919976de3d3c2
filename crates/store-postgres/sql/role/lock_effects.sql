-- Keeps whoever reads how far effects go waiting until this transaction ends.
SELECT pg_advisory_xact_lock_shared($1)
