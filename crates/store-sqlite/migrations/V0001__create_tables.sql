-- The first schema. Conventions:
--   * moments are milliseconds since 1970-01-01T00:00Z; days are days since 1970-01-01 (China Standard Time);
--   * states are words, held by CHECK; codes are used only in the narrow indexes that every row passes;
--   * "sealed" columns come in pairs <name>_salt and <name>: both NULL once erased (the only UPDATE that triggers allow);
--   * everything is append-only (V0002) but for the queues: outbox, session, attempt, lease, procedure_open.

-- Deliveries (归集文件). State and counts are not stored here: they follow from delivery_receipt and chunk.
CREATE TABLE delivery (
    -- local number
    delivery_id     INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- organisation that delivers (统一社会信用代码)
    provider        TEXT NOT NULL CHECK (length(provider) = 18),
    -- item of the catalogue
    item            TEXT NOT NULL CHECK (item GLOB 'ITM-?*'),
    -- SHA-256 of the bytes; with provider and item the idempotency key
    content_hash    BLOB NOT NULL CHECK (length(content_hash) = 32),
    -- size in bytes
    bytes           INTEGER NOT NULL CHECK (bytes >= 0),
    -- delivery key, wrapped by the vault; NULL once destroyed
    key             BLOB CHECK (length(key) > 0),
    -- sealed file name (a file name can name a person): salt …
    file_name_salt  BLOB CHECK (length(file_name_salt) = 16),
    -- … and ciphertext
    file_name       BLOB CHECK ((file_name IS NULL) = (file_name_salt IS NULL)),
    -- account that delivered it
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- when begun
    received_at     INTEGER NOT NULL,
    UNIQUE (provider, item, content_hash)
) STRICT;

-- The receipt given out for a delivery; its row ends the delivery.
CREATE TABLE delivery_receipt (
    -- delivery
    delivery_id     INTEGER PRIMARY KEY REFERENCES delivery (delivery_id),
    -- how it ended
    state           TEXT NOT NULL CHECK (state IN ('done', 'refused')),
    -- signed receipt as given out, without personal data
    receipt         BLOB NOT NULL,
    -- when finished
    finished_at     INTEGER NOT NULL,
    -- hash of the log entry of the receipt
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32)
) STRICT;

-- One transaction of an intake, or one single act. The row stands for the receipt of all its records: their moment,
-- their public ids, their notice and their log entry.
CREATE TABLE chunk (
    -- local number; high bits of the records' numbers
    chunk_id        INTEGER PRIMARY KEY CHECK (chunk_id BETWEEN 1 AND 4398046511103),
    -- base of the public ids of its records: the low 20 bits are zero
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- delivery; NULL for single acts (a review's decision, a correction by hand)
    delivery_id     INTEGER REFERENCES delivery (delivery_id),
    -- number within the delivery, from 0
    chunk_no        INTEGER NOT NULL CHECK (chunk_no >= 0),
    -- resume point: data rows of the delivery taken in after this chunk
    rows_done       INTEGER NOT NULL CHECK (rows_done >= 0),
    -- when committed
    committed_at    INTEGER NOT NULL,
    -- records written with it; their ordinals are 0 … records - 1
    records         INTEGER NOT NULL CHECK (records BETWEEN 0 AND 1048576),
    -- persons it created
    new_persons     INTEGER NOT NULL CHECK (new_persons >= 0),
    -- data rows read
    received        INTEGER NOT NULL CHECK (received >= 0),
    -- rows that had effect
    recorded        INTEGER NOT NULL CHECK (recorded >= 0),
    -- rows whose content was there already
    repeated        INTEGER NOT NULL CHECK (repeated >= 0),
    -- rows held
    held            INTEGER NOT NULL CHECK (held >= 0),
    -- rows that wait for a review
    pending         INTEGER NOT NULL CHECK (pending >= 0),
    -- rows refused
    refused         INTEGER NOT NULL CHECK (refused >= 0),
    -- of the recorded ones: corrections
    corrected       INTEGER NOT NULL CHECK (corrected >= 0),
    -- of the recorded ones: withdrawals
    withdrawn       INTEGER NOT NULL CHECK (withdrawn >= 0),
    -- hash of the log entry that stands for its effects
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    UNIQUE (delivery_id, chunk_no),
    -- I1: the counts of a receipt add up
    CHECK (received = recorded + repeated + held + pending + refused),
    CHECK (corrected + withdrawn <= recorded)
) STRICT;

-- Records of a chunk by item and birth state, so that statistics need not read the records.
CREATE TABLE chunk_count (
    -- chunk
    chunk_id        INTEGER NOT NULL REFERENCES chunk (chunk_id),
    -- item
    item            TEXT NOT NULL CHECK (item GLOB 'ITM-?*'),
    -- state at birth
    state           TEXT NOT NULL CHECK (state IN ('usable', 'held')),
    -- number of records
    records         INTEGER NOT NULL CHECK (records > 0),
    PRIMARY KEY (chunk_id, item, state)
) STRICT, WITHOUT ROWID;

-- Faults of a chunk by code.
CREATE TABLE fault_count (
    -- chunk
    chunk_id        INTEGER NOT NULL REFERENCES chunk (chunk_id),
    -- fault code, E01 …
    code            TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
    -- number of faults
    faults          INTEGER NOT NULL CHECK (faults > 0),
    PRIMARY KEY (chunk_id, code)
) STRICT, WITHOUT ROWID;

-- Faults of a chunk, one JSON object a line, without personal data.
CREATE TABLE fault_block (
    -- chunk
    chunk_id        INTEGER PRIMARY KEY REFERENCES chunk (chunk_id),
    -- the lines
    lines           BLOB NOT NULL CHECK (length(lines) > 0)
) STRICT;

-- Persons. Number and name are in `identity`, sealed; they are found through blind_index only.
CREATE TABLE person (
    -- local number; clusters rows, never leaves the system
    person_id       INTEGER PRIMARY KEY,
    -- public id, UUIDv7; binds the wrapped secret
    uuid            BLOB NOT NULL CHECK (length(uuid) = 16),
    -- person secret, wrapped by the vault; NULL once destroyed: that erases the person
    secret          BLOB CHECK (length(secret) > 0),
    -- sealed identity (document kind, number, name): salt …
    identity_salt   BLOB CHECK (length(identity_salt) = 16),
    -- … and ciphertext
    identity        BLOB CHECK ((identity IS NULL) = (identity_salt IS NULL))
) STRICT;

-- Blind indexes (keyed tags) of persons: B1 = number, B2 = number and name.
CREATE TABLE blind_index (
    -- HMAC, truncated to 128 bits
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- 1 = B1 (number), 2 = B2 (number and name)
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- version of the index key; two may live at once
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- person
    person_id       INTEGER NOT NULL REFERENCES person (person_id),
    PRIMARY KEY (tag, index_no, key_version)
) STRICT, WITHOUT ROWID;

-- Events of persons as a whole.
CREATE TABLE person_event (
    -- order of events
    event_id        INTEGER PRIMARY KEY,
    -- person
    person_id       INTEGER NOT NULL REFERENCES person (person_id),
    -- what happened
    kind            TEXT NOT NULL CHECK (kind IN ('linked', 'unlinked', 'split', 'alias_confirmed')),
    -- the other person of a link or split
    other_person_id INTEGER REFERENCES person (person_id) CHECK (other_person_id <> person_id),
    -- sealed reason: salt …
    reason_salt     BLOB CHECK (length(reason_salt) = 16),
    -- … and ciphertext
    reason          BLOB CHECK ((reason IS NULL) = (reason_salt IS NULL)),
    -- account of the human who did it
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- when
    happened_at     INTEGER NOT NULL,
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    CHECK ((kind = 'alias_confirmed') = (other_person_id IS NULL))
) STRICT;
CREATE INDEX person_event_person ON person_event (person_id);
CREATE INDEX person_event_other ON person_event (other_person_id) WHERE other_person_id IS NOT NULL;

-- Records: a heap in arrival order. Public id = chunk.uuid + (record_id mod 2^20); moment = chunk.committed_at.
CREATE TABLE record (
    -- chunk_id * 2^20 + ordinal in the chunk
    record_id       INTEGER PRIMARY KEY,
    -- whose
    person_id       INTEGER NOT NULL REFERENCES person (person_id),
    -- item
    item            TEXT NOT NULL CHECK (item GLOB 'ITM-?*'),
    -- organisation that delivered it
    provider        TEXT NOT NULL CHECK (length(provider) = 18),
    -- state at birth
    state           TEXT NOT NULL CHECK (state IN ('usable', 'held')),
    -- class of an adverse record (decree 36)
    class           TEXT CHECK (class IN ('minor', 'general', 'serious')),
    -- last day on which anybody but the person may read it
    end_day         INTEGER NOT NULL,
    -- keyed tag of the fact (item, 文号, organ)
    fact_tag        INTEGER NOT NULL,
    -- 0 for the first delivery of the fact, then 1, 2, … for each correction
    revision        INTEGER NOT NULL CHECK (revision >= 0),
    -- keyed tag of the content: the same again is a repetition
    content_tag     BLOB NOT NULL CHECK (length(content_tag) = 16),
    -- sealed content: salt …
    content_salt    BLOB CHECK (length(content_salt) = 16),
    -- … and ciphertext
    content         BLOB CHECK ((content IS NULL) = (content_salt IS NULL))
) STRICT;
-- E12: one record per person, fact and revision; also finds the records of a person.
CREATE UNIQUE INDEX record_fact ON record (person_id, fact_tag, revision);

-- Later events of a record's life; its receipt is the chunk.
CREATE TABLE record_event (
    -- whose record
    person_id       INTEGER NOT NULL REFERENCES person (person_id),
    -- record
    record_id       INTEGER NOT NULL REFERENCES record (record_id),
    -- 1, 2, … within the record: two writers who saw the same state collide here
    event_no        INTEGER NOT NULL CHECK (event_no >= 1),
    -- what happened
    kind            TEXT NOT NULL CHECK (kind IN ('confirmed', 'disputed', 'dispute_ended', 'corrected', 'withdrawn', 'repaired', 'ended', 'purged')),
    -- from which day it is true
    effective_day   INTEGER NOT NULL,
    -- when it became known
    known_at        INTEGER NOT NULL,
    -- sealed reason: salt …
    reason_salt     BLOB CHECK (length(reason_salt) = 16),
    -- … and ciphertext
    reason          BLOB CHECK ((reason IS NULL) = (reason_salt IS NULL)),
    -- hash of its own log entry; NULL if the chunk's entry stands for it
    entry_hash      BLOB CHECK (length(entry_hash) = 32),
    PRIMARY KEY (person_id, record_id, event_no)
) STRICT, WITHOUT ROWID;

-- Until when a person has acknowledged notices.
CREATE TABLE notice_ack (
    -- person
    person_id       INTEGER NOT NULL REFERENCES person (person_id),
    -- all notices up to this moment are acknowledged
    seen_until      INTEGER NOT NULL,
    -- when acknowledged
    acknowledged_at INTEGER NOT NULL,
    PRIMARY KEY (person_id, seen_until)
) STRICT, WITHOUT ROWID;

-- Rows kept under the delivery's key until their question is resolved; erased then.
CREATE TABLE staged_row (
    -- order of arrival
    staged_id       INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- delivery it came with
    delivery_id     INTEGER NOT NULL REFERENCES delivery (delivery_id),
    -- line in the file, header counted
    line            INTEGER NOT NULL CHECK (line >= 1),
    -- why: held (R7), or pending (待核)
    kind            TEXT NOT NULL CHECK (kind IN ('held', 'pending')),
    -- machine word of the reason, or the id of the rule
    reason          TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 60),
    -- B1 tag of the number
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- 1 = B1, 2 = B2
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- version of the index key
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- sealed clean row: salt …
    content_salt    BLOB CHECK (length(content_salt) = 16),
    -- … and ciphertext; NULL = resolved
    content         BLOB CHECK ((content IS NULL) = (content_salt IS NULL))
) STRICT;
-- A line waits once; staged anew, it is resolved first.
CREATE UNIQUE INDEX staged_row_line ON staged_row (delivery_id, line) WHERE content IS NOT NULL;
CREATE INDEX staged_row_delivery ON staged_row (delivery_id, line, staged_id);
CREATE INDEX staged_row_open ON staged_row (kind, uuid) WHERE content IS NOT NULL;
CREATE INDEX staged_row_held ON staged_row (tag) WHERE kind = 'held' AND content IS NOT NULL;

-- Which transaction resolved a staged row; one only.
CREATE TABLE staged_resolution (
    -- staged row
    staged_id       INTEGER PRIMARY KEY REFERENCES staged_row (staged_id),
    -- transaction that resolved it
    chunk_id        INTEGER NOT NULL REFERENCES chunk (chunk_id)
) STRICT;

-- Procedures (objection, repair, proceeding, review …). Their state is that of the last step, `open` before the first.
CREATE TABLE procedure (
    -- order of opening
    procedure_id    INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- kind
    kind            TEXT NOT NULL CHECK (kind IN ('review')),
    -- organisation that handles it
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- staged row it is about
    staged_row      BLOB REFERENCES staged_row (uuid),
    -- person it is about, once known
    person_id       INTEGER REFERENCES person (person_id),
    -- reason word in clear, for lists
    reason          TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 60),
    -- sealed details: salt …
    details_salt    BLOB CHECK (length(details_salt) = 16),
    -- … and ciphertext
    details         BLOB CHECK ((details IS NULL) = (details_salt IS NULL)),
    -- when opened
    opened_at       INTEGER NOT NULL,
    -- last moment to answer
    due_at          INTEGER
) STRICT;

-- Steps of procedures.
CREATE TABLE procedure_step (
    -- procedure
    procedure_id    INTEGER NOT NULL REFERENCES procedure (procedure_id),
    -- 1, 2, … within the procedure: two humans who saw the same state collide here
    step_no         INTEGER NOT NULL CHECK (step_no >= 1),
    -- state word it leads to
    state           TEXT NOT NULL CHECK (length(state) BETWEEN 1 AND 40),
    -- account of the human who took it
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- sealed reasons: salt …
    reason_salt     BLOB CHECK (length(reason_salt) = 16),
    -- … and ciphertext
    reason          BLOB CHECK ((reason IS NULL) = (reason_salt IS NULL)),
    -- when
    taken_at        INTEGER NOT NULL,
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    PRIMARY KEY (procedure_id, step_no)
) STRICT, WITHOUT ROWID;

-- Queue: procedures whose state is `open`, so that the list stays short whatever was closed.
CREATE TABLE procedure_open (
    -- organisation that handles it
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- procedure
    procedure_id    INTEGER NOT NULL UNIQUE REFERENCES procedure (procedure_id),
    PRIMARY KEY (organisation, procedure_id)
) STRICT, WITHOUT ROWID;

-- Traces of looks, durable before anything is probed (R11).
CREATE TABLE trace (
    -- order of arrival
    trace_id        INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- who looked: the person, or another
    kind            TEXT NOT NULL CHECK (kind IN ('own_read', 'look_up')),
    -- B1 tag of the number asked for, known or not
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- 1 = B1, 2 = B2
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- version of the index key
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- sealed who, why, what: salt …
    content_salt    BLOB CHECK (length(content_salt) = 16),
    -- … and ciphertext
    content         BLOB CHECK ((content IS NULL) = (content_salt IS NULL)),
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    traced_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX trace_subject ON trace (tag);

-- How traced looks ended. A trace without a row here reads "unknown, treated as disclosed".
CREATE TABLE trace_outcome (
    -- trace
    uuid            BLOB PRIMARY KEY REFERENCES trace (uuid),
    -- outcome; the first one stands
    outcome         TEXT NOT NULL CHECK (outcome IN ('disclosed', 'nothing', 'refused')),
    -- when
    ended_at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Queue: effects that have no place in the log yet. Written in the effect's own transaction, deleted when sequenced.
CREATE TABLE outbox (
    -- order of arrival
    outbox_id       INTEGER PRIMARY KEY,
    -- what it stands for
    kind            TEXT NOT NULL CHECK (kind IN ('trace', 'chunk', 'receipt', 'record_event', 'person_event', 'procedure_step')),
    -- hash of the entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32)
) STRICT;

-- The sequenced log.
CREATE TABLE log_entry (
    -- dense index from 0
    log_index       INTEGER PRIMARY KEY CHECK (log_index >= 0),
    -- what it stands for
    kind            TEXT NOT NULL CHECK (kind IN ('trace', 'chunk', 'receipt', 'record_event', 'person_event', 'procedure_step')),
    -- hash of the entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when sequenced
    sequenced_at    INTEGER NOT NULL
) STRICT;

-- Queue: leases with fencing tokens.
CREATE TABLE lease (
    -- name of what is leased
    name            TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 40),
    -- fencing token: grows with each new holder
    token           INTEGER NOT NULL CHECK (token >= 1),
    -- process that holds it
    holder          BLOB NOT NULL CHECK (length(holder) = 16),
    -- until when
    held_until      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Accounts.
CREATE TABLE account (
    -- order of creation
    account_id      INTEGER PRIMARY KEY,
    -- public id, UUIDv7; AAD row of the sealed columns
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- kind
    kind            TEXT NOT NULL CHECK (kind IN ('resident', 'officer', 'centre')),
    -- login name; never an identity number
    login           TEXT NOT NULL UNIQUE CHECK (length(login) BETWEEN 1 AND 100),
    -- argon2id hash, PHC string
    password_hash   TEXT NOT NULL CHECK (length(password_hash) > 0),
    -- sealed secret of the one-time codes: salt …
    totp_salt       BLOB CHECK (length(totp_salt) = 16),
    -- … and ciphertext
    totp            BLOB CHECK ((totp IS NULL) = (totp_salt IS NULL)),
    -- organisation of an officer
    organisation    TEXT CHECK (length(organisation) = 18),
    -- sealed verified identity of a resident: salt …
    identity_salt   BLOB CHECK (length(identity_salt) = 16),
    -- … and ciphertext
    identity        BLOB CHECK ((identity IS NULL) = (identity_salt IS NULL)),
    -- account's key, wrapped; NULL once destroyed
    key             BLOB CHECK (length(key) > 0),
    -- when created
    created_at      INTEGER NOT NULL
) STRICT;

-- Queue: sessions. Only the hash of the token is kept.
CREATE TABLE session (
    -- SHA-256 of the token
    token_hash      BLOB PRIMARY KEY CHECK (length(token_hash) = 32),
    -- account
    account         BLOB NOT NULL REFERENCES account (uuid),
    -- 1 once the second factor was given
    is_verified     INTEGER NOT NULL CHECK (is_verified IN (0, 1)),
    -- CSRF secret
    csrf            BLOB NOT NULL CHECK (length(csrf) = 32),
    -- when begun
    created_at      INTEGER NOT NULL,
    -- last use
    used_at         INTEGER NOT NULL,
    -- end at the latest
    expires_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_expiry ON session (expires_at);

-- Queue: attempts to log in, for limits.
CREATE TABLE attempt (
    -- order
    attempt_id      INTEGER PRIMARY KEY,
    -- hash of login name or address
    key             BLOB NOT NULL CHECK (length(key) = 32),
    -- when
    tried_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX attempt_key ON attempt (key, tried_at);

-- Steps of one-time codes that were used (RFC 6238 §5.2: once only).
CREATE TABLE totp_step (
    -- account
    account         BLOB NOT NULL REFERENCES account (uuid),
    -- number of the time step
    step            INTEGER NOT NULL,
    PRIMARY KEY (account, step)
) STRICT, WITHOUT ROWID;
