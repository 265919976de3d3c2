-- Ends a delivery; no row if it ended before: the first receipt stands.
INSERT INTO delivery_receipt (delivery_id, state, receipt, finished_at, entry_hash)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (delivery_id) DO NOTHING
