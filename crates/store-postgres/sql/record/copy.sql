-- Writes the records of a chunk into the heap.
COPY record (record_id, person_id, item, provider, state, class, end_day, fact_tag, revision, content_tag, content_salt,
             content)
FROM STDIN BINARY
