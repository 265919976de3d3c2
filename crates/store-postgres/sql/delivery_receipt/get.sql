-- The receipt that stands.
SELECT receipt FROM delivery_receipt WHERE delivery_id = $1
