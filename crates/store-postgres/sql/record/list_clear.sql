-- Clear columns of records between two, in order of arrival.
SELECT record_id, person_id, item, provider, state, end_day
FROM record WHERE record_id > $1 AND record_id <= $2 ORDER BY record_id LIMIT $3
