-- Forgets a run whose entries are in another.
DELETE FROM index_run WHERE run_id = ?1
