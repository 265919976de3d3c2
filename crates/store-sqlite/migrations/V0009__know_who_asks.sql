-- Who asks: systems of departments with their keys, three administrators that are kept apart (三员分立), accounts that end.

-- Three more kinds of account, and whose account it is: one human holds one. SQLite changes a CHECK by making the table anew;
-- `migrate` has put foreign keys off.
CREATE TABLE account_anew (
    -- order of creation
    account_id      INTEGER PRIMARY KEY,
    -- public id, UUIDv7; AAD row of the sealed columns
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- kind
    kind            TEXT NOT NULL CHECK (kind IN ('resident', 'officer', 'centre', 'system_admin', 'security_admin', 'audit_admin')),
    -- login name; never an identity number
    login           TEXT NOT NULL UNIQUE CHECK (length(login) BETWEEN 1 AND 100),
    -- argon2id hash, PHC string; 'external': the login is an identity provider's
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
    created_at      INTEGER NOT NULL,
    -- hash of the staff number: a human who has an account of one kind gets none of another
    holder          BLOB UNIQUE CHECK (length(holder) = 32),
    CHECK (kind NOT IN ('system_admin', 'security_admin', 'audit_admin') OR (holder IS NOT NULL AND organisation IS NULL))
) STRICT;
INSERT INTO account_anew
SELECT account_id, uuid, kind, login, password_hash, totp_salt, totp, organisation, identity_salt, identity, key, created_at, NULL
FROM account ORDER BY account_id;
DROP TABLE account;
ALTER TABLE account_anew RENAME TO account;

CREATE TRIGGER account_keeps_rows BEFORE DELETE ON account
BEGIN
    SELECT RAISE(ABORT, 'append-only: account');
END;

CREATE TRIGGER account_keeps_columns BEFORE UPDATE ON account
WHEN NOT (
    NEW.account_id IS OLD.account_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.kind IS OLD.kind
    AND NEW.login IS OLD.login
    AND NEW.password_hash IS OLD.password_hash
    AND NEW.organisation IS OLD.organisation
    AND NEW.created_at IS OLD.created_at
    AND NEW.holder IS OLD.holder
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

-- What an administrator did, or what was refused to a department's system. The row is its own log entry's content.
CREATE TABLE administrator_act (
    -- order
    act_id          INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- what was done
    kind            TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    -- account of the administrator; all zeros: an operator on the host
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- what it was done to: an id or a code, never personal data
    about           TEXT NOT NULL CHECK (length(about) BETWEEN 1 AND 200),
    -- when
    happened_at     INTEGER NOT NULL,
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32)
) STRICT;

-- Accounts that ended: a leaver's, or one whose holder changed duty. An account does not come back; a new one is created.
CREATE TABLE account_end (
    -- account
    account         BLOB PRIMARY KEY REFERENCES account (uuid),
    -- when
    ended_at        INTEGER NOT NULL,
    -- the act that ended it
    act             BLOB NOT NULL REFERENCES administrator_act (uuid)
) STRICT, WITHOUT ROWID;

-- Queue: last login of an account, for the list of those that nobody uses.
CREATE TABLE account_use (
    -- account
    account         BLOB PRIMARY KEY REFERENCES account (uuid),
    -- last login with both factors
    used_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Business systems of departments that may ask by API.
CREATE TABLE client (
    -- order
    client_id       INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- organisation that runs it
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- name of the system
    name            TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- when registered
    registered_at   INTEGER NOT NULL,
    -- the act that registered it
    act             BLOB NOT NULL REFERENCES administrator_act (uuid),
    UNIQUE (organisation, name)
) STRICT;

-- Public keys of clients (RFC 9421 `keyid` is the id).
CREATE TABLE client_key (
    -- public id, UUIDv7
    uuid            BLOB PRIMARY KEY CHECK (length(uuid) = 16),
    -- whose
    client          BLOB NOT NULL REFERENCES client (uuid),
    -- algorithm, as in the parameter `alg`
    algorithm       TEXT NOT NULL CHECK (algorithm IN ('ed25519', 'sm2-sm3')),
    -- public key: 32 bytes, or 65 of an uncompressed point
    public_key      BLOB NOT NULL UNIQUE CHECK (length(public_key) IN (32, 65)),
    -- from when it is good
    valid_from      INTEGER NOT NULL,
    -- until when it is good, this moment excluded
    valid_until     INTEGER NOT NULL CHECK (valid_until > valid_from),
    -- the act that registered it
    act             BLOB NOT NULL REFERENCES administrator_act (uuid)
) STRICT, WITHOUT ROWID;
CREATE INDEX client_key_client ON client_key (client);

-- Keys that were revoked before their time.
CREATE TABLE client_key_end (
    -- key
    client_key      BLOB PRIMARY KEY REFERENCES client_key (uuid),
    -- when
    revoked_at      INTEGER NOT NULL,
    -- the act that revoked it
    act             BLOB NOT NULL REFERENCES administrator_act (uuid)
) STRICT, WITHOUT ROWID;

-- Queue: short sessions of clients, whose message key is derived from these columns and kept nowhere.
CREATE TABLE client_session (
    -- public id, UUIDv7
    uuid            BLOB PRIMARY KEY CHECK (length(uuid) = 16),
    -- key that asked for it; with it the session ends
    client_key      BLOB NOT NULL REFERENCES client_key (uuid),
    -- when begun
    created_at      INTEGER NOT NULL,
    -- end
    expires_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX client_session_key ON client_session (client_key);
CREATE INDEX client_session_expiry ON client_session (expires_at);

-- Queue: nonces that were used, as long as a replay could be inside the window of time.
CREATE TABLE client_nonce (
    -- hash of key id and nonce
    nonce_hash      BLOB PRIMARY KEY CHECK (length(nonce_hash) = 32),
    -- from when the time alone refuses it
    expires_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX client_nonce_expiry ON client_nonce (expires_at);

CREATE TRIGGER administrator_act_keeps_rows BEFORE DELETE ON administrator_act
BEGIN
    SELECT RAISE(ABORT, 'append-only: administrator_act');
END;

CREATE TRIGGER administrator_act_keeps_columns BEFORE UPDATE ON administrator_act
BEGIN
    SELECT RAISE(ABORT, 'append-only: administrator_act');
END;

CREATE TRIGGER account_end_keeps_rows BEFORE DELETE ON account_end
BEGIN
    SELECT RAISE(ABORT, 'append-only: account_end');
END;

CREATE TRIGGER account_end_keeps_columns BEFORE UPDATE ON account_end
BEGIN
    SELECT RAISE(ABORT, 'append-only: account_end');
END;

CREATE TRIGGER client_keeps_rows BEFORE DELETE ON client
BEGIN
    SELECT RAISE(ABORT, 'append-only: client');
END;

CREATE TRIGGER client_keeps_columns BEFORE UPDATE ON client
BEGIN
    SELECT RAISE(ABORT, 'append-only: client');
END;

CREATE TRIGGER client_key_keeps_rows BEFORE DELETE ON client_key
BEGIN
    SELECT RAISE(ABORT, 'append-only: client_key');
END;

CREATE TRIGGER client_key_keeps_columns BEFORE UPDATE ON client_key
BEGIN
    SELECT RAISE(ABORT, 'append-only: client_key');
END;

CREATE TRIGGER client_key_end_keeps_rows BEFORE DELETE ON client_key_end
BEGIN
    SELECT RAISE(ABORT, 'append-only: client_key_end');
END;

CREATE TRIGGER client_key_end_keeps_columns BEFORE UPDATE ON client_key_end
BEGIN
    SELECT RAISE(ABORT, 'append-only: client_key_end');
END;

-- Emergencies 紧急查询: a look at one person without a registered matter, asked for by one officer and granted by another of
-- the same organisation, for an hour at most. What was typed lies sealed in the procedure; its first step grants.
CREATE TABLE procedure_anew (
    -- order of opening
    procedure_id    INTEGER PRIMARY KEY,
    -- public id, UUIDv7
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- kind
    kind            TEXT NOT NULL CHECK (kind IN ('review', 'unrecognised_look_up', 'break_glass', 'break_glass_review')),
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
INSERT INTO procedure_anew SELECT * FROM procedure ORDER BY procedure_id;
DROP TABLE procedure;
ALTER TABLE procedure_anew RENAME TO procedure;

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

-- About whom an emergency is, and for what.
CREATE TABLE break_glass (
    -- the procedure
    procedure       BLOB PRIMARY KEY REFERENCES procedure (uuid),
    -- purpose of the catalogue
    purpose         TEXT NOT NULL CHECK (purpose GLOB 'PUR-?*'),
    -- B1 tag of the number, known or not
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- 1 = B1, 2 = B2
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- version of the index key
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- account of the officer who asked
    by_account      BLOB NOT NULL CHECK (length(by_account) = 16),
    -- for how long, once granted
    minutes         INTEGER NOT NULL CHECK (minutes BETWEEN 1 AND 60),
    -- hash of its log entry
    entry_hash      BLOB NOT NULL CHECK (length(entry_hash) = 32)
) STRICT, WITHOUT ROWID;

-- What a person is told of by the number: granted emergencies. Written in the transaction of what it tells.
CREATE TABLE subject_notice (
    -- order
    notice_id       INTEGER PRIMARY KEY,
    -- the procedure that it tells of; one notice for one grant
    procedure       BLOB NOT NULL UNIQUE REFERENCES procedure (uuid),
    -- B1 tag of the number …
    tag             BLOB NOT NULL CHECK (length(tag) = 16),
    -- … 1 = B1, 2 = B2 …
    index_no        INTEGER NOT NULL CHECK (index_no IN (1, 2)),
    -- … and version of the index key
    key_version     INTEGER NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    -- when granted
    noticed_at      INTEGER NOT NULL,
    -- until when the emergency lasts
    ends_at         INTEGER NOT NULL CHECK (ends_at > noticed_at)
) STRICT;
CREATE INDEX subject_notice_tag ON subject_notice (tag, index_no, key_version);

CREATE TRIGGER break_glass_keeps_rows BEFORE DELETE ON break_glass
BEGIN
    SELECT RAISE(ABORT, 'append-only: break_glass');
END;

CREATE TRIGGER break_glass_keeps_columns BEFORE UPDATE ON break_glass
BEGIN
    SELECT RAISE(ABORT, 'append-only: break_glass');
END;

CREATE TRIGGER subject_notice_keeps_rows BEFORE DELETE ON subject_notice
BEGIN
    SELECT RAISE(ABORT, 'append-only: subject_notice');
END;

CREATE TRIGGER subject_notice_keeps_columns BEFORE UPDATE ON subject_notice
BEGIN
    SELECT RAISE(ABORT, 'append-only: subject_notice');
END;
