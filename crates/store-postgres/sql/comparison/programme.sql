-- Whose programme is a comparison of?
SELECT p.uuid FROM comparison c JOIN programme p ON p.programme_id = c.programme_id WHERE c.uuid = $1
