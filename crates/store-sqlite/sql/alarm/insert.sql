-- Writes an alarm.
INSERT INTO alarm (kind, organisation, by_account, client, purpose, look_up, raised_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
