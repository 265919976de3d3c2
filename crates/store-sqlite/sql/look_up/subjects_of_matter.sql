-- Whose tags were looked up for a matter?
SELECT DISTINCT tag FROM look_up WHERE matter_id = ?1 LIMIT ?2
