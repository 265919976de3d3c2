-- The newest deliveries of everybody.
SELECT delivery_id FROM delivery ORDER BY delivery_id DESC LIMIT ?1
