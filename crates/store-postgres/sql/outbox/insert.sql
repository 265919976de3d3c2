-- Asks for places in the log, within the effects' own transaction.
INSERT INTO outbox (kind, entry_hash)
SELECT $1::text, entry_hash FROM unnest($2::bytea[]) WITH ORDINALITY AS new (entry_hash, place) ORDER BY place
