-- Adds a run after all others; answers its number.
INSERT INTO index_run (run_id, kind, entries) SELECT coalesce(max(run_id), 0) + 1, ?1, ?2 FROM index_run
RETURNING run_id
