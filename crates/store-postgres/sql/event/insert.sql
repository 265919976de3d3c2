-- Keeps an event; one that is there stays as it is, and no row comes back.
INSERT INTO event (uuid, kind, look_up, record_id, organisation, client, lane, happened_at, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (uuid) DO NOTHING
