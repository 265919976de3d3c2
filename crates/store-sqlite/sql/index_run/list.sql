-- The runs of an index, newest first.
SELECT run_id, entries FROM index_run WHERE kind = ?1 ORDER BY run_id DESC
