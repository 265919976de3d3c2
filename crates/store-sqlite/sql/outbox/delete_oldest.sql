-- Takes the oldest rows out of the queue, once they have their places.
DELETE FROM outbox WHERE outbox_id IN (SELECT outbox_id FROM outbox ORDER BY outbox_id LIMIT ?1)
