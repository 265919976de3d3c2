-- Holds the delivery until the transaction ends: one chunk at a time.
SELECT 1 FROM delivery WHERE delivery_id = $1 FOR NO KEY UPDATE
