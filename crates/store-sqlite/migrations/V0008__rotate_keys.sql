-- Rotation of keys (docs/adr/0018). A wrapped secret may get the form that a later version of the wrapping key gives it, a
-- trace and a waiting row may be moved to the tag of a later version of the index key; nothing else of a row changes.

-- Below these versions nothing is written any more: their keys are being retired.
CREATE TABLE key_floor (
    -- kek = wraps secrets, index = tags numbers and names
    key             TEXT PRIMARY KEY CHECK (key IN ('kek', 'index')),
    -- oldest version that is written; 0 until one is retired
    version         INTEGER NOT NULL CHECK (version BETWEEN 0 AND 65535)
) STRICT, WITHOUT ROWID;
INSERT INTO key_floor (key, version) VALUES ('kek', 0), ('index', 0);

CREATE TRIGGER key_floor_keeps_rows BEFORE DELETE ON key_floor
BEGIN
    SELECT RAISE(ABORT, 'append-only: key_floor');
END;

CREATE TRIGGER key_floor_rises BEFORE UPDATE ON key_floor
WHEN NOT (NEW.key IS OLD.key AND NEW.version >= OLD.version)
BEGIN
    SELECT RAISE(ABORT, 'append-only: key_floor');
END;

-- What was done to keys, without secrets and persons.
CREATE TABLE key_act (
    -- order
    key_act_id      INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- the act as it is made public: JSON, of which the entry's hash is made
    document        BLOB NOT NULL CHECK (length(document) > 0),
    -- account of the human or adapter that did it
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- when
    happened_at     INTEGER NOT NULL,
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32)
) STRICT;

CREATE TRIGGER key_act_keeps_rows BEFORE DELETE ON key_act
BEGIN
    SELECT RAISE(ABORT, 'append-only: key_act');
END;

CREATE TRIGGER key_act_keeps_columns BEFORE UPDATE ON key_act
BEGIN
    SELECT RAISE(ABORT, 'append-only: key_act');
END;

-- A wrapped secret: format, version of the wrapping key (two bytes, the higher first), version of the secret (two), the rest.
DROP TRIGGER person_keeps_columns;
CREATE TRIGGER person_keeps_columns BEFORE UPDATE ON person
WHEN NOT (
    NEW.person_id IS OLD.person_id
    AND NEW.uuid IS OLD.uuid
    AND (
        NEW.secret IS NULL OR NEW.secret IS OLD.secret
        OR (
            OLD.secret IS NOT NULL AND substr(NEW.secret, 2, 2) > substr(OLD.secret, 2, 2)
            AND substr(NEW.secret, 4, 2) = substr(OLD.secret, 4, 2)
        )
    )
    AND (NEW.identity_salt IS NULL OR NEW.identity_salt IS OLD.identity_salt)
    AND (NEW.identity IS NULL OR NEW.identity IS OLD.identity)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: person');
END;

DROP TRIGGER delivery_keeps_columns;
CREATE TRIGGER delivery_keeps_columns BEFORE UPDATE ON delivery
WHEN NOT (
    NEW.delivery_id IS OLD.delivery_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.provider IS OLD.provider
    AND NEW.item IS OLD.item
    AND NEW.content_hash IS OLD.content_hash
    AND NEW.bytes IS OLD.bytes
    AND NEW.by_account IS OLD.by_account
    AND NEW.received_at IS OLD.received_at
    AND (
        NEW.key IS NULL OR NEW.key IS OLD.key
        OR (
            OLD.key IS NOT NULL AND substr(NEW.key, 2, 2) > substr(OLD.key, 2, 2)
            AND substr(NEW.key, 4, 2) = substr(OLD.key, 4, 2)
        )
    )
    AND (NEW.file_name_salt IS NULL OR NEW.file_name_salt IS OLD.file_name_salt)
    AND (NEW.file_name IS NULL OR NEW.file_name IS OLD.file_name)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: delivery');
END;

DROP TRIGGER account_keeps_columns;
CREATE TRIGGER account_keeps_columns BEFORE UPDATE ON account
WHEN NOT (
    NEW.account_id IS OLD.account_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.kind IS OLD.kind
    AND NEW.login IS OLD.login
    AND NEW.password_hash IS OLD.password_hash
    AND NEW.organisation IS OLD.organisation
    AND NEW.created_at IS OLD.created_at
    AND (NEW.totp_salt IS NULL OR NEW.totp_salt IS OLD.totp_salt)
    AND (NEW.totp IS NULL OR NEW.totp IS OLD.totp)
    AND (NEW.identity_salt IS NULL OR NEW.identity_salt IS OLD.identity_salt)
    AND (NEW.identity IS NULL OR NEW.identity IS OLD.identity)
    AND (
        NEW.key IS NULL OR NEW.key IS OLD.key
        OR (
            OLD.key IS NOT NULL AND substr(NEW.key, 2, 2) > substr(OLD.key, 2, 2)
            AND substr(NEW.key, 4, 2) = substr(OLD.key, 4, 2)
        )
    )
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: account');
END;

DROP TRIGGER staged_row_keeps_columns;
CREATE TRIGGER staged_row_keeps_columns BEFORE UPDATE ON staged_row
WHEN NOT (
    NEW.staged_id IS OLD.staged_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.delivery_id IS OLD.delivery_id
    AND NEW.line IS OLD.line
    AND NEW.kind IS OLD.kind
    AND NEW.reason IS OLD.reason
    AND ((NEW.tag IS OLD.tag AND NEW.key_version IS OLD.key_version) OR (NEW.tag IS NOT OLD.tag AND NEW.key_version > OLD.key_version))
    AND NEW.index_no IS OLD.index_no
    AND (NEW.content_salt IS NULL OR NEW.content_salt IS OLD.content_salt)
    AND (NEW.content IS NULL OR NEW.content IS OLD.content)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: staged_row');
END;

DROP TRIGGER trace_keeps_columns;
CREATE TRIGGER trace_keeps_columns BEFORE UPDATE ON trace
WHEN NOT (
    NEW.trace_id IS OLD.trace_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.kind IS OLD.kind
    AND ((NEW.tag IS OLD.tag AND NEW.key_version IS OLD.key_version) OR (NEW.tag IS NOT OLD.tag AND NEW.key_version > OLD.key_version))
    AND NEW.index_no IS OLD.index_no
    AND NEW.entry_hash IS OLD.entry_hash
    AND NEW.traced_at IS OLD.traced_at
    AND (NEW.content_salt IS NULL OR NEW.content_salt IS OLD.content_salt)
    AND (NEW.content IS NULL OR NEW.content IS OLD.content)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: trace');
END;
