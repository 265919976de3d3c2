-- Moves what can be moved of the write-ahead log without waiting for anybody.
PRAGMA wal_checkpoint(PASSIVE)
