-- Officers sign in by the city's identity provider (OpenID Connect 统一身份认证): whom it names is bound to an account by an act.

-- Whom an account stands for at the provider. The provider's own name of the human is not kept.
CREATE TABLE account_subject (
    -- public id, UUIDv7
    uuid            BLOB PRIMARY KEY CHECK (length(uuid) = 16),
    -- account of an officer
    account         BLOB NOT NULL REFERENCES account (uuid),
    -- hash of the provider's issuer and its subject
    subject         BLOB NOT NULL CHECK (length(subject) = 32),
    -- when bound
    bound_at        INTEGER NOT NULL,
    -- the act that bound it
    act             BLOB NOT NULL REFERENCES administrator_act (uuid)
) STRICT, WITHOUT ROWID;

-- Bindings that ended, by an act of their own or with the account.
CREATE TABLE account_subject_end (
    -- binding
    binding         BLOB PRIMARY KEY REFERENCES account_subject (uuid),
    -- when
    ended_at        INTEGER NOT NULL,
    -- the act that ended it
    act             BLOB NOT NULL REFERENCES administrator_act (uuid)
) STRICT, WITHOUT ROWID;

-- Queue: bindings in force. A subject has one account, and an account one subject.
CREATE TABLE account_subject_live (
    -- hash of issuer and subject
    subject         BLOB PRIMARY KEY CHECK (length(subject) = 32),
    -- account
    account         BLOB NOT NULL UNIQUE REFERENCES account (uuid),
    -- binding
    binding         BLOB NOT NULL UNIQUE REFERENCES account_subject (uuid)
) STRICT, WITHOUT ROWID;

-- Queue: questions put to the provider whose answer is awaited. Each is taken once.
CREATE TABLE sign_in (
    -- hash of the state that comes back
    state_hash      BLOB PRIMARY KEY CHECK (length(state_hash) = 32),
    -- hash of the secret in the browser that asked
    browser_hash    BLOB NOT NULL CHECK (length(browser_hash) = 32),
    -- hash of the token of the session that is confirmed; NULL: a new session is wanted
    session_hash    BLOB CHECK (length(session_hash) = 32),
    -- page of ours to go on with
    return_to       TEXT NOT NULL CHECK (length(return_to) BETWEEN 1 AND 500),
    -- from when no answer is taken
    expires_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_expiry ON sign_in (expires_at);

-- Sessions that the provider's word began.
-- the binding; with it the session ends
ALTER TABLE session ADD COLUMN binding BLOB REFERENCES account_subject (uuid);
-- until when the second factor counts
ALTER TABLE session ADD COLUMN second_factor_until INTEGER;
-- hash of the provider's name for its session
ALTER TABLE session ADD COLUMN provider_session BLOB CHECK (length(provider_session) = 32);

CREATE TRIGGER account_subject_keeps_rows BEFORE DELETE ON account_subject
BEGIN
    SELECT RAISE(ABORT, 'append-only: account_subject');
END;

CREATE TRIGGER account_subject_keeps_columns BEFORE UPDATE ON account_subject
BEGIN
    SELECT RAISE(ABORT, 'append-only: account_subject');
END;

CREATE TRIGGER account_subject_end_keeps_rows BEFORE DELETE ON account_subject_end
BEGIN
    SELECT RAISE(ABORT, 'append-only: account_subject_end');
END;

CREATE TRIGGER account_subject_end_keeps_columns BEFORE UPDATE ON account_subject_end
BEGIN
    SELECT RAISE(ABORT, 'append-only: account_subject_end');
END;
