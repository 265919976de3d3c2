-- What a record's fact is compared by.
SELECT content_tag, state FROM record WHERE record_id = ?1
