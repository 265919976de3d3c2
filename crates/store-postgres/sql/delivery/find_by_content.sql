-- Which delivery has this idempotency key?
SELECT delivery_id FROM delivery WHERE provider = $1 AND item = $2 AND content_hash = $3
