-- The newest deliveries, of everybody or of one provider.
SELECT delivery_id FROM delivery WHERE $1::text IS NULL OR provider = $1 ORDER BY delivery_id DESC LIMIT $2
