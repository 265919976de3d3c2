-- Moves all of the write-ahead log and cuts it to nothing, so that erased bytes do not live on in it.
PRAGMA wal_checkpoint(TRUNCATE)
