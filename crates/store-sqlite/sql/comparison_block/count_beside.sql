-- How many rows did the programme of a comparison compare on a day?
SELECT COALESCE(SUM(b.row_count), 0)
FROM comparison_block b
WHERE b.programme_id = (SELECT programme_id FROM comparison WHERE uuid = ?1) AND b.asked_day = ?2
