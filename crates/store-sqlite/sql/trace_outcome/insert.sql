-- Adds the outcome of a trace; no row if there is one: the first stands.
INSERT INTO trace_outcome (uuid, outcome, ended_at) VALUES (?1, ?2, ?3)
ON CONFLICT (uuid) DO NOTHING
