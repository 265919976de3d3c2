-- Look-ups up to this one were looked through.
INSERT INTO event_progress (progress_id, look_up_id) VALUES (1, ?1)
ON CONFLICT (progress_id) DO UPDATE SET look_up_id = excluded.look_up_id
