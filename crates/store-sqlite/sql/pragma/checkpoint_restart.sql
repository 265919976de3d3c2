-- Moves all of the write-ahead log and lets the next commit begin it anew.
PRAGMA wal_checkpoint(RESTART)
