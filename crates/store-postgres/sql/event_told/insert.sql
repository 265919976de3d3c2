-- An endpoint took an event; the first moment stands.
INSERT INTO event_told (event_id, told_at) VALUES ($1, $2)
ON CONFLICT (event_id) DO NOTHING
