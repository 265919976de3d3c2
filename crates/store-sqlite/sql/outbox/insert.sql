-- Asks for a place in the log, within the effect's own transaction.
INSERT INTO outbox (kind, entry_hash) VALUES (?1, ?2)
