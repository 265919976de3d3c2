-- Notes which transaction resolved a staged row.
INSERT INTO staged_resolution (staged_id, chunk_id) VALUES (?1, ?2)
