-- A system has no endpoint any more.
DELETE FROM event_delivery WHERE client = $1
