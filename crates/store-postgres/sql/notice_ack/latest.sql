-- Until when has the person acknowledged notices?
SELECT MAX(seen_until) FROM notice_ack WHERE person_id = $1
