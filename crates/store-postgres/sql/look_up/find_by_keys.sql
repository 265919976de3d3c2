-- What stands under these idempotency keys, in the order asked?
SELECT l.uuid, l.request_tag, l.asked_at
FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (request_key, place)
LEFT JOIN look_up l ON l.request_key = asked.request_key
ORDER BY asked.place
