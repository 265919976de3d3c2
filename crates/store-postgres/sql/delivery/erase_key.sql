-- Destroys the wrapped key of an ended delivery none of whose staged rows waits.
UPDATE delivery SET key = NULL
WHERE delivery_id = $1 AND key IS NOT NULL
  AND EXISTS (SELECT 1 FROM delivery_receipt r WHERE r.delivery_id = $1)
  AND NOT EXISTS (SELECT 1 FROM staged_row s WHERE s.delivery_id = $1 AND s.content IS NOT NULL)
