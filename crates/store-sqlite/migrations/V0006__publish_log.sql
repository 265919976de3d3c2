-- Entries of more kinds, a way from an entry's hash to its place, and the heads that were signed. SQLite cannot change a CHECK:
-- the tables are made anew; nothing refers to them.
CREATE TABLE new_outbox (
    -- order of arrival
    outbox_id       INTEGER PRIMARY KEY,
    -- what it stands for
    kind            TEXT NOT NULL CHECK (kind IN (
                        'trace', 'chunk', 'receipt', 'record_event', 'person_event', 'procedure_step', 'outcome',
                        'look_up_closed', 'decision', 'consent', 'catalogue', 'policy', 'key', 'administrator')),
    -- hash of the entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32)
) STRICT;
INSERT INTO new_outbox SELECT * FROM outbox ORDER BY outbox_id;
DROP TABLE outbox;
ALTER TABLE new_outbox RENAME TO outbox;

CREATE TABLE new_log_entry (
    -- dense index from 0
    log_index       INTEGER PRIMARY KEY CHECK (log_index >= 0),
    -- what it stands for
    kind            TEXT NOT NULL CHECK (kind IN (
                        'trace', 'chunk', 'receipt', 'record_event', 'person_event', 'procedure_step', 'outcome',
                        'look_up_closed', 'decision', 'consent', 'catalogue', 'policy', 'key', 'administrator')),
    -- hash of the entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when sequenced
    sequenced_at    INTEGER NOT NULL
) STRICT;
INSERT INTO new_log_entry SELECT * FROM log_entry ORDER BY log_index;
DROP TABLE log_entry;
ALTER TABLE new_log_entry RENAME TO log_entry;
-- Eight bytes tell entries apart well enough; the whole hash is compared in the row.
CREATE INDEX log_entry_hash ON log_entry (substr(entry_hash, 1, 8));
-- The newest version of something.
CREATE INDEX log_entry_version ON log_entry (kind, log_index) WHERE kind IN ('catalogue', 'policy');

CREATE TRIGGER log_entry_keeps_rows BEFORE DELETE ON log_entry
BEGIN
    SELECT RAISE(ABORT, 'append-only: log_entry');
END;

CREATE TRIGGER log_entry_keeps_columns BEFORE UPDATE ON log_entry
BEGIN
    SELECT RAISE(ABORT, 'append-only: log_entry');
END;

-- Heads of the log's tree that were signed, before anybody was given them.
CREATE TABLE log_head (
    -- name of the log; one that was given up is followed by another over the same entries
    origin          TEXT NOT NULL CHECK (length(origin) BETWEEN 1 AND 255),
    -- entries of the tree
    size            INTEGER NOT NULL CHECK (size >= 0),
    -- root of the tree (RFC 6962)
    root            BLOB NOT NULL CHECK (length(root) = 32),
    -- the log's Ed25519 signature of the checkpoint
    signature       BLOB NOT NULL CHECK (length(signature) = 64),
    PRIMARY KEY (origin, size)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER log_head_keeps_rows BEFORE DELETE ON log_head
BEGIN
    SELECT RAISE(ABORT, 'append-only: log_head');
END;

CREATE TRIGGER log_head_keeps_columns BEFORE UPDATE ON log_head
BEGIN
    SELECT RAISE(ABORT, 'append-only: log_head');
END;
