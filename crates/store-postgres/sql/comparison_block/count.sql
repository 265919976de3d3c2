-- How many rows did a programme compare on a day?
SELECT COALESCE(SUM(b.row_count), 0)::bigint
FROM comparison_block b JOIN programme p ON p.programme_id = b.programme_id
WHERE p.uuid = $1 AND b.asked_day = $2
