-- Comparisons of batches under registered programmes (docs/adr/0021): programmes, blocks with their rows in pages, answers; and in which
-- order records changed, so that the comparison index in memory is brought up to date before each block.

-- Comparison programmes: under which statute an organisation may compare batches, over what, until when, and how many rows a day.
CREATE TABLE programme (
    -- order of registration
    programme_id    INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- organisation that runs it
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- purpose of the catalogue
    purpose         TEXT NOT NULL CHECK (purpose GLOB 'PUR-?*'),
    -- document and article, as the catalogue had them at registration
    statute         TEXT NOT NULL CHECK (length(statute) BETWEEN 4 AND 200),
    -- what it is for, in the words of the proposer
    aim             TEXT NOT NULL CHECK (length(aim) BETWEEN 4 AND 200),
    -- items it may compare, by comma
    items           TEXT NOT NULL CHECK (items GLOB 'ITM-?*'),
    -- rows that may be compared in a day
    rows_a_day      INTEGER NOT NULL CHECK (rows_a_day BETWEEN 1 AND 2147483647),
    -- last day on which it runs
    last_day        INTEGER NOT NULL,
    -- account of the officer who proposed it
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    proposed_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX programme_organisation ON programme (organisation);

CREATE TRIGGER programme_keeps_rows BEFORE DELETE ON programme
BEGIN
    SELECT RAISE(ABORT, 'append-only: programme');
END;

CREATE TRIGGER programme_keeps_columns BEFORE UPDATE ON programme
BEGIN
    SELECT RAISE(ABORT, 'append-only: programme');
END;

-- What became of comparison programmes: approved by a second officer and by the credit centre, ended before their last day.
CREATE TABLE programme_step (
    -- programme
    programme_id    INTEGER NOT NULL REFERENCES programme (programme_id),
    -- what happened; each once
    kind            TEXT NOT NULL CHECK (kind IN ('approved_by_department', 'approved_by_centre', 'ended')),
    -- account of the human who did it
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    happened_at     INTEGER NOT NULL,
    PRIMARY KEY (programme_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER programme_step_keeps_rows BEFORE DELETE ON programme_step
BEGIN
    SELECT RAISE(ABORT, 'append-only: programme_step');
END;

CREATE TRIGGER programme_step_keeps_columns BEFORE UPDATE ON programme_step
BEGIN
    SELECT RAISE(ABORT, 'append-only: programme_step');
END;

-- Comparisons: one under each idempotency key, in blocks.
CREATE TABLE comparison (
    -- order of arrival
    comparison_id   INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- programme
    programme_id    INTEGER NOT NULL REFERENCES programme (programme_id),
    -- account of the verified officer
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- registered client of a department's system, if one asked
    client          BLOB CHECK (length(client) = 16),
    -- hash of asker and idempotency key
    request_key     BLOB NOT NULL UNIQUE CHECK (length(request_key) = 32),
    -- keyed tag of programme and items: others under the same key are refused
    request_tag     BLOB NOT NULL CHECK (length(request_tag) = 32),
    -- when
    asked_at        INTEGER NOT NULL
) STRICT;

CREATE TRIGGER comparison_keeps_rows BEFORE DELETE ON comparison
BEGIN
    SELECT RAISE(ABORT, 'append-only: comparison');
END;

CREATE TRIGGER comparison_keeps_columns BEFORE UPDATE ON comparison
BEGIN
    SELECT RAISE(ABORT, 'append-only: comparison');
END;

-- Blocks of comparisons: the trace of all their rows, durable before anybody is searched for, and one entry of the log.
CREATE TABLE comparison_block (
    -- order of arrival
    block_id        INTEGER PRIMARY KEY,
    -- public id, UUIDv7 with 20 low bits of zero: a row's id is this and its place
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- comparison
    comparison_id   INTEGER NOT NULL REFERENCES comparison (comparison_id),
    -- 0, 1, … within the comparison
    block_no        INTEGER NOT NULL CHECK (block_no >= 0),
    -- programme, for the count of a day
    programme_id    INTEGER NOT NULL REFERENCES programme (programme_id),
    -- rows compared
    row_count       INTEGER NOT NULL CHECK (row_count BETWEEN 1 AND 65536),
    -- day on which they count
    asked_day       INTEGER NOT NULL,
    -- keyed tag of the lines: others in the same place are refused
    request_tag     BLOB NOT NULL CHECK (length(request_tag) = 32),
    -- version of the index key of its tags
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- sealed header (who, why, items): salt
    header_salt     BLOB CHECK (length(header_salt) = 16),
    -- the ciphertext that belongs to that salt; NULL once erased
    header          BLOB CHECK ((header IS NULL) = (header_salt IS NULL)),
    -- of each page: first byte of its tags, root of the tree over its rows
    roots           BLOB NOT NULL CHECK (length(roots) BETWEEN 33 AND 8448 AND length(roots) % 33 = 0),
    -- root of the tree over the pages' roots: hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    asked_at        INTEGER NOT NULL,
    UNIQUE (comparison_id, block_no)
) STRICT;
CREATE INDEX comparison_block_day ON comparison_block (programme_id, asked_day);

CREATE TRIGGER comparison_block_keeps_rows BEFORE DELETE ON comparison_block
BEGIN
    SELECT RAISE(ABORT, 'append-only: comparison_block');
END;

CREATE TRIGGER comparison_block_keeps_columns BEFORE UPDATE ON comparison_block
WHEN NOT (
    NEW.block_id IS OLD.block_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.comparison_id IS OLD.comparison_id
    AND NEW.block_no IS OLD.block_no
    AND NEW.programme_id IS OLD.programme_id
    AND NEW.row_count IS OLD.row_count
    AND NEW.asked_day IS OLD.asked_day
    AND NEW.request_tag IS OLD.request_tag
    AND NEW.key_version IS OLD.key_version
    AND NEW.roots IS OLD.roots
    AND NEW.entry_hash IS OLD.entry_hash
    AND NEW.asked_at IS OLD.asked_at
    AND (NEW.header_salt IS NULL OR NEW.header_salt IS OLD.header_salt)
    AND (NEW.header IS NULL OR NEW.header IS OLD.header)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: comparison_block');
END;

-- Rows of blocks, in pages by the first byte of the tag, so that a person's rows are found without an index row for each.
CREATE TABLE comparison_page (
    -- first byte of its tags
    shard           INTEGER NOT NULL CHECK (shard BETWEEN 0 AND 255),
    -- block
    block_id        INTEGER NOT NULL REFERENCES comparison_block (block_id),
    -- B1 tags of the rows, in order
    tags            BLOB NOT NULL CHECK (length(tags) > 0 AND length(tags) % 16 = 0),
    -- sealed rows (place, matter number, number), in the order of the tags: salt
    content_salt    BLOB CHECK (length(content_salt) = 16),
    -- the ciphertext that belongs to that salt; NULL once erased
    content         BLOB CHECK ((content IS NULL) = (content_salt IS NULL)),
    PRIMARY KEY (shard, block_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER comparison_page_keeps_rows BEFORE DELETE ON comparison_page
BEGIN
    SELECT RAISE(ABORT, 'append-only: comparison_page');
END;

CREATE TRIGGER comparison_page_keeps_columns BEFORE UPDATE ON comparison_page
WHEN NOT (
    NEW.shard IS OLD.shard
    AND NEW.block_id IS OLD.block_id
    AND NEW.tags IS OLD.tags
    AND (NEW.content_salt IS NULL OR NEW.content_salt IS OLD.content_salt)
    AND (NEW.content IS NULL OR NEW.content IS OLD.content)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: comparison_page');
END;

-- What blocks answered. One without a row here reads "unknown, treated as disclosed".
CREATE TABLE comparison_answer (
    -- block
    block_id        INTEGER PRIMARY KEY REFERENCES comparison_block (block_id),
    -- sealed flags, four bytes a row in the order of pages and tags: salt
    flags_salt      BLOB CHECK (length(flags_salt) = 16),
    -- the ciphertext that belongs to that salt; NULL once erased
    flags           BLOB CHECK ((flags IS NULL) = (flags_salt IS NULL)),
    -- root of the tree over the answers of each page
    roots           BLOB NOT NULL CHECK (length(roots) BETWEEN 32 AND 8192 AND length(roots) % 32 = 0),
    -- root of the tree over these: hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    answered_at     INTEGER NOT NULL
) STRICT;

CREATE TRIGGER comparison_answer_keeps_rows BEFORE DELETE ON comparison_answer
BEGIN
    SELECT RAISE(ABORT, 'append-only: comparison_answer');
END;

CREATE TRIGGER comparison_answer_keeps_columns BEFORE UPDATE ON comparison_answer
WHEN NOT (
    NEW.block_id IS OLD.block_id
    AND NEW.roots IS OLD.roots
    AND NEW.entry_hash IS OLD.entry_hash
    AND NEW.answered_at IS OLD.answered_at
    AND (NEW.flags_salt IS NULL OR NEW.flags_salt IS OLD.flags_salt)
    AND (NEW.flags IS NULL OR NEW.flags IS OLD.flags)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: comparison_answer');
END;

-- Order in which events of records were committed, so that a comparison index reads what is new to it.
CREATE TABLE record_change (
    -- order
    change_id       INTEGER PRIMARY KEY,
    -- whose record
    person_id       INTEGER NOT NULL,
    -- record
    record_id       INTEGER NOT NULL,
    -- number of the event within the record
    event_no        INTEGER NOT NULL CHECK (event_no >= 1)
) STRICT;

INSERT INTO record_change (person_id, record_id, event_no)
SELECT person_id, record_id, event_no FROM record_event ORDER BY known_at, record_id, event_no;

CREATE TRIGGER record_change_keeps_rows BEFORE DELETE ON record_change
BEGIN
    SELECT RAISE(ABORT, 'append-only: record_change');
END;

CREATE TRIGGER record_change_keeps_columns BEFORE UPDATE ON record_change
BEGIN
    SELECT RAISE(ABORT, 'append-only: record_change');
END;
