-- Notes that a record fell.
INSERT INTO fallen_record (record_id) VALUES (?1)
