-- Records that look-ups showed since it was looked at last whether they fell.
SELECT record_id, look_up FROM disclosure WHERE is_fresh = 1 ORDER BY record_id, look_up LIMIT ?1
