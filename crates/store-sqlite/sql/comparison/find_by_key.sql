-- What stands under an idempotency key?
SELECT uuid, request_tag, asked_at FROM comparison WHERE request_key = ?1
