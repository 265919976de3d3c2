-- Look-ups: registry of matters, what was asked and answered, what came of it, locks, withholding, alarms.
-- procedure is made anew: its kinds are a CHECK. `migrate` has put foreign keys off; the others refer to it by name.
CREATE TABLE procedures (
    -- order of opening
    procedure_id    INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- kind
    kind            TEXT NOT NULL CHECK (kind IN ('review', 'unrecognised_look_up')),
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
INSERT INTO procedures SELECT * FROM procedure ORDER BY procedure_id;
DROP TABLE procedure;
ALTER TABLE procedures RENAME TO procedure;

CREATE TRIGGER procedure_keeps_rows BEFORE DELETE ON procedure
BEGIN
    SELECT RAISE(ABORT, 'append-only: procedure');
END;

CREATE TRIGGER procedure_keeps_columns BEFORE UPDATE ON procedure
WHEN NOT (
    NEW.procedure_id IS OLD.procedure_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.kind IS OLD.kind
    AND NEW.organisation IS OLD.organisation
    AND NEW.staged_row IS OLD.staged_row
    AND NEW.person_id IS OLD.person_id
    AND NEW.reason IS OLD.reason
    AND NEW.opened_at IS OLD.opened_at
    AND NEW.due_at IS OLD.due_at
    AND (NEW.details_salt IS NULL OR NEW.details_salt IS OLD.details_salt)
    AND (NEW.details IS NULL OR NEW.details IS OLD.details)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: procedure');
END;


-- Matters 办件 of the departments: whoever is looked up is looked up for one. A matter names nobody.
CREATE TABLE matter (
    -- order of registration
    matter_id       INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- whose business it is
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- the department's own number
    matter_no       TEXT NOT NULL CHECK (length(matter_no) BETWEEN 1 AND 60),
    -- purpose of the catalogue
    purpose         TEXT NOT NULL CHECK (purpose GLOB 'PUR-?*'),
    -- on which day it began
    opened_day      INTEGER NOT NULL,
    -- account that registered it
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- when
    registered_at   INTEGER NOT NULL,
    UNIQUE (organisation, matter_no)
) STRICT;

CREATE TRIGGER matter_keeps_rows BEFORE DELETE ON matter
BEGIN
    SELECT RAISE(ABORT, 'append-only: matter');
END;

CREATE TRIGGER matter_keeps_columns BEFORE UPDATE ON matter
BEGIN
    SELECT RAISE(ABORT, 'append-only: matter');
END;

-- What became of matters: one that is closed is no ground to look anybody up.
CREATE TABLE matter_event (
    -- matter
    matter_id       INTEGER NOT NULL REFERENCES matter (matter_id),
    -- 1, 2, … within the matter: two who saw the same state collide here
    event_no        INTEGER NOT NULL CHECK (event_no >= 1),
    -- what happened
    kind            TEXT NOT NULL CHECK (kind IN ('closed', 'reopened')),
    -- from which day it is true
    effective_day   INTEGER NOT NULL,
    -- account of the human or system that said so
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- when it became known
    known_at        INTEGER NOT NULL,
    PRIMARY KEY (matter_id, event_no)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER matter_event_keeps_rows BEFORE DELETE ON matter_event
BEGIN
    SELECT RAISE(ABORT, 'append-only: matter_event');
END;

CREATE TRIGGER matter_event_keeps_columns BEFORE UPDATE ON matter_event
BEGIN
    SELECT RAISE(ABORT, 'append-only: matter_event');
END;

-- Look-ups in clear columns: who asked, for what, under which matter, about which tag. Written with the trace, in one transaction.
CREATE TABLE look_up (
    -- order of arrival
    look_up_id      INTEGER PRIMARY KEY,
    -- the trace; public id
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16) REFERENCES trace (uuid),
    -- organisation that asks
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- account of the verified officer
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- registered client of a department's system, if one asked
    client          BLOB CHECK (length(client) = 16),
    -- purpose of the catalogue
    purpose         TEXT NOT NULL CHECK (purpose GLOB 'PUR-?*'),
    -- registered matter; NULL where the purpose needs none
    matter_id       INTEGER REFERENCES matter (matter_id),
    -- hash of asker and idempotency key: asked twice is one look-up
    request_key     BLOB NOT NULL UNIQUE CHECK (length(request_key) = 32),
    -- keyed tag of what was asked: another request under the same key is refused
    request_tag     BLOB NOT NULL CHECK (length(request_tag) = 32),
    -- B1 tag of the number
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- 1 = B1, 2 = B2
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- version of the index key
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- day, for the limits on distinct persons
    asked_day       INTEGER NOT NULL,
    -- when
    asked_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX look_up_day ON look_up (asked_day, look_up_id);
CREATE INDEX look_up_matter ON look_up (matter_id) WHERE matter_id IS NOT NULL;

CREATE TRIGGER look_up_keeps_rows BEFORE DELETE ON look_up
BEGIN
    SELECT RAISE(ABORT, 'append-only: look_up');
END;

CREATE TRIGGER look_up_keeps_columns BEFORE UPDATE ON look_up
BEGIN
    SELECT RAISE(ABORT, 'append-only: look_up');
END;

-- What look-ups answered. One without a row here reads "unknown, treated as disclosed".
CREATE TABLE look_up_answer (
    -- look-up
    uuid            BLOB PRIMARY KEY CHECK (length(uuid) = 16) REFERENCES look_up (uuid),
    -- sealed items and records answered: salt
    content_salt    BLOB CHECK (length(content_salt) = 16),
    -- the ciphertext that belongs to that salt; NULL once erased
    content         BLOB CHECK ((content IS NULL) = (content_salt IS NULL)),
    -- 1 if an adverse fact was among them: the officer says what came of it
    must_close      INTEGER NOT NULL CHECK (must_close IN (0, 1)),
    -- last day for it
    close_by        INTEGER,
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    answered_at     INTEGER NOT NULL,
    CHECK ((must_close = 1) = (close_by IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER look_up_answer_keeps_rows BEFORE DELETE ON look_up_answer
BEGIN
    SELECT RAISE(ABORT, 'append-only: look_up_answer');
END;

CREATE TRIGGER look_up_answer_keeps_columns BEFORE UPDATE ON look_up_answer
WHEN NOT (
    NEW.uuid IS OLD.uuid
    AND NEW.must_close IS OLD.must_close
    AND NEW.close_by IS OLD.close_by
    AND NEW.entry_hash IS OLD.entry_hash
    AND NEW.answered_at IS OLD.answered_at
    AND (NEW.content_salt IS NULL OR NEW.content_salt IS OLD.content_salt)
    AND (NEW.content IS NULL OR NEW.content IS OLD.content)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: look_up_answer');
END;

-- What came of look-ups that answered with an adverse fact (R3).
CREATE TABLE look_up_closing (
    -- look-up
    uuid            BLOB PRIMARY KEY CHECK (length(uuid) = 16) REFERENCES look_up (uuid),
    -- what came of it
    result          TEXT NOT NULL CHECK (result IN ('not_used', 'proceeding')),
    -- sealed number of the proceeding: salt
    reference_salt  BLOB CHECK (length(reference_salt) = 16),
    -- the ciphertext that belongs to that salt; NULL once erased
    reference       BLOB CHECK ((reference IS NULL) = (reference_salt IS NULL)),
    -- account of the human who says so
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    closed_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER look_up_closing_keeps_rows BEFORE DELETE ON look_up_closing
BEGIN
    SELECT RAISE(ABORT, 'append-only: look_up_closing');
END;

CREATE TRIGGER look_up_closing_keeps_columns BEFORE UPDATE ON look_up_closing
WHEN NOT (
    NEW.uuid IS OLD.uuid
    AND NEW.result IS OLD.result
    AND NEW.by_account IS OLD.by_account
    AND NEW.entry_hash IS OLD.entry_hash
    AND NEW.closed_at IS OLD.closed_at
    AND (NEW.reference_salt IS NULL OR NEW.reference_salt IS OLD.reference_salt)
    AND (NEW.reference IS NULL OR NEW.reference IS OLD.reference)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: look_up_closing');
END;

-- Look-ups not yet shown to the person, under a cited law, with an end (R6): the first, and two renewals by a second body at most.
CREATE TABLE withholding (
    -- look-up
    uuid            BLOB NOT NULL CHECK (length(uuid) = 16) REFERENCES look_up (uuid),
    -- 1 = withheld, 2 and 3 = renewed
    step_no         INTEGER NOT NULL CHECK (step_no BETWEEN 1 AND 3),
    -- document and article that allow it
    law             TEXT NOT NULL CHECK (length(law) BETWEEN 4 AND 200),
    -- body that decided it
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- until when; by itself it is shown then
    until_at        INTEGER NOT NULL,
    -- account of the human who decided it
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    decided_at      INTEGER NOT NULL,
    PRIMARY KEY (uuid, step_no),
    CHECK (until_at > decided_at AND until_at <= decided_at + 31622400000)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER withholding_keeps_rows BEFORE DELETE ON withholding
BEGIN
    SELECT RAISE(ABORT, 'append-only: withholding');
END;

CREATE TRIGGER withholding_keeps_columns BEFORE UPDATE ON withholding
BEGIN
    SELECT RAISE(ABORT, 'append-only: withholding');
END;

-- Whether the person locked the own records against look-ups that no statute compels. The latest row of a tag holds; a person without a file can lock it, too.
CREATE TABLE file_lock (
    -- order
    lock_id         INTEGER PRIMARY KEY,
    -- B1 tag of the number
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- 1 = B1, 2 = B2
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- version of the index key
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- 1 = locked
    is_locked       INTEGER NOT NULL CHECK (is_locked IN (0, 1)),
    -- the person's account
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32),
    -- when
    set_at          INTEGER NOT NULL
) STRICT;
CREATE INDEX file_lock_tag ON file_lock (tag);

CREATE TRIGGER file_lock_keeps_rows BEFORE DELETE ON file_lock
BEGIN
    SELECT RAISE(ABORT, 'append-only: file_lock');
END;

CREATE TRIGGER file_lock_keeps_columns BEFORE UPDATE ON file_lock
BEGIN
    SELECT RAISE(ABORT, 'append-only: file_lock');
END;

-- Alarms about look-ups, without personal data.
CREATE TABLE alarm (
    -- order
    alarm_id        INTEGER PRIMARY KEY,
    -- what was noticed
    kind            TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    -- organisation of the asker
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- account of the asker
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- registered client, if one asked
    client          BLOB CHECK (length(client) = 16),
    -- purpose named
    purpose         TEXT CHECK (purpose GLOB 'PUR-?*'),
    -- look-up, if it was traced
    look_up         BLOB CHECK (length(look_up) = 16),
    -- when
    raised_at       INTEGER NOT NULL
) STRICT;

CREATE TRIGGER alarm_keeps_rows BEFORE DELETE ON alarm
BEGIN
    SELECT RAISE(ABORT, 'append-only: alarm');
END;

CREATE TRIGGER alarm_keeps_columns BEFORE UPDATE ON alarm
BEGIN
    SELECT RAISE(ABORT, 'append-only: alarm');
END;

-- Whom an officer is, or stands close to, by tags of numbers: such a person is not shown to that officer (AB-09).
CREATE TABLE declared_relation (
    -- the officer's account
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- B1 tag of the number
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- 1 = B1, 2 = B2
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- version of the index key
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- what the person is to the officer
    kind            TEXT NOT NULL CHECK (kind IN ('own', 'kin', 'colleague')),
    -- when
    declared_at     INTEGER NOT NULL,
    PRIMARY KEY (by_account, tag, index_no, key_version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER declared_relation_keeps_rows BEFORE DELETE ON declared_relation
BEGIN
    SELECT RAISE(ABORT, 'append-only: declared_relation');
END;

CREATE TRIGGER declared_relation_keeps_columns BEFORE UPDATE ON declared_relation
BEGIN
    SELECT RAISE(ABORT, 'append-only: declared_relation');
END;

-- Numbers that were never issued, by their tags: whoever asks for one is trying numbers.
CREATE TABLE honey_number (
    -- B1 tag of the number
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- 1 = B1, 2 = B2
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- version of the index key
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- when
    added_at        INTEGER NOT NULL,
    PRIMARY KEY (tag, index_no, key_version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER honey_number_keeps_rows BEFORE DELETE ON honey_number
BEGIN
    SELECT RAISE(ABORT, 'append-only: honey_number');
END;

CREATE TRIGGER honey_number_keeps_columns BEFORE UPDATE ON honey_number
BEGIN
    SELECT RAISE(ABORT, 'append-only: honey_number');
END;

-- Queue: look-ups that are to be closed, so that the list stays short whatever was closed.
CREATE TABLE look_up_open (
    -- organisation that asked
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- look-up
    look_up_id      INTEGER NOT NULL UNIQUE REFERENCES look_up (look_up_id),
    -- officer who asked
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- last day for it
    close_by        INTEGER NOT NULL,
    PRIMARY KEY (organisation, look_up_id)
) STRICT, WITHOUT ROWID;
