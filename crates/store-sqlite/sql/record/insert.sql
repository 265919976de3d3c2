-- Writes a record into the heap.
INSERT INTO record (record_id, person_id, item, provider, state, class, end_day, fact_tag, revision, content_tag,
                    content_salt, content)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
