-- Records that fell, those noted first coming first.
SELECT fallen_id, record_id FROM fallen_record ORDER BY fallen_id LIMIT ?1
