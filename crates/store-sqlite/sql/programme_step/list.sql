-- What became of a programme, oldest first?
SELECT s.kind, s.by_account, s.happened_at
FROM programme_step s JOIN programme p ON p.programme_id = s.programme_id
WHERE p.uuid = ?1 ORDER BY s.happened_at, s.kind
