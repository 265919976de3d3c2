-- Alarms, newest first.
SELECT kind, organisation, by_account, client, purpose, look_up, raised_at FROM alarm ORDER BY alarm_id DESC LIMIT $1
