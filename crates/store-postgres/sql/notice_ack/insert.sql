-- Notes an acknowledgement; the same again has no effect.
INSERT INTO notice_ack (person_id, seen_until, acknowledged_at) VALUES ($1, $2, $3)
ON CONFLICT (person_id, seen_until) DO NOTHING
