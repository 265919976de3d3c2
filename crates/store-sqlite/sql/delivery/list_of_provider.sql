-- The newest deliveries of one provider (few thousand a year: the unique key finds them, the sort is small).
SELECT delivery_id FROM delivery WHERE provider = ?1 ORDER BY delivery_id DESC LIMIT ?2
