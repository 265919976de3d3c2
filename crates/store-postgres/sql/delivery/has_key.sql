-- Does the delivery still have its key?
SELECT key IS NOT NULL FROM delivery WHERE delivery_id = $1
