-- An event has arrived.
DELETE FROM event_delivery WHERE event_id = $1
