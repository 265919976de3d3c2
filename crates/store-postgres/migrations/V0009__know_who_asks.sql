-- Who asks: systems of departments with their keys, three administrators that are kept apart (三员分立), accounts that end.

ALTER TABLE account DROP CONSTRAINT account_kind_check;
ALTER TABLE account ADD CONSTRAINT account_kind_check
    CHECK (kind IN ('resident', 'officer', 'centre', 'system_admin', 'security_admin', 'audit_admin'));
ALTER TABLE account ADD COLUMN holder bytea UNIQUE CHECK (octet_length(holder) = 32);
ALTER TABLE account ADD CONSTRAINT account_of_administrator
    CHECK (kind NOT IN ('system_admin', 'security_admin', 'audit_admin') OR (holder IS NOT NULL AND organisation IS NULL));
COMMENT ON COLUMN account.holder IS 'hash of the staff number: a human who has an account of one kind gets none of another';
COMMENT ON COLUMN account.password_hash IS 'argon2id hash, PHC string; ''external'': the login is an identity provider''s';

CREATE TABLE administrator_act (
    act_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    kind            text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    by_account      uuid NOT NULL,
    about           text NOT NULL CHECK (length(about) BETWEEN 1 AND 200),
    happened_at     bigint NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32)
);
COMMENT ON TABLE administrator_act IS 'What an administrator did, or what was refused to a department''s system. The row is its own log entry''s content.';
COMMENT ON COLUMN administrator_act.act_id IS 'order';
COMMENT ON COLUMN administrator_act.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN administrator_act.kind IS 'what was done';
COMMENT ON COLUMN administrator_act.by_account IS 'account of the administrator; all zeros: an operator on the host';
COMMENT ON COLUMN administrator_act.about IS 'what it was done to: an id or a code, never personal data';
COMMENT ON COLUMN administrator_act.happened_at IS 'when';
COMMENT ON COLUMN administrator_act.entry_hash IS 'hash of its log entry';

CREATE TABLE account_end (
    account         uuid PRIMARY KEY REFERENCES account (uuid),
    ended_at        bigint NOT NULL,
    act             uuid NOT NULL REFERENCES administrator_act (uuid)
);
COMMENT ON TABLE account_end IS 'Accounts that ended: a leaver''s, or one whose holder changed duty. An account does not come back; a new one is created.';
COMMENT ON COLUMN account_end.account IS 'account';
COMMENT ON COLUMN account_end.ended_at IS 'when';
COMMENT ON COLUMN account_end.act IS 'the act that ended it';

CREATE TABLE account_use (
    account         uuid PRIMARY KEY REFERENCES account (uuid),
    used_at         bigint NOT NULL
);
COMMENT ON TABLE account_use IS 'Queue: last login of an account, for the list of those that nobody uses.';
COMMENT ON COLUMN account_use.account IS 'account';
COMMENT ON COLUMN account_use.used_at IS 'last login with both factors';

CREATE TABLE client (
    client_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    registered_at   bigint NOT NULL,
    act             uuid NOT NULL REFERENCES administrator_act (uuid),
    UNIQUE (organisation, name)
);
COMMENT ON TABLE client IS 'Business systems of departments that may ask by API.';
COMMENT ON COLUMN client.client_id IS 'order';
COMMENT ON COLUMN client.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN client.organisation IS 'organisation that runs it';
COMMENT ON COLUMN client.name IS 'name of the system';
COMMENT ON COLUMN client.registered_at IS 'when registered';
COMMENT ON COLUMN client.act IS 'the act that registered it';

CREATE TABLE client_key (
    uuid            uuid PRIMARY KEY,
    client          uuid NOT NULL REFERENCES client (uuid),
    algorithm       text NOT NULL CHECK (algorithm IN ('ed25519', 'sm2-sm3')),
    public_key      bytea NOT NULL UNIQUE CHECK (octet_length(public_key) IN (32, 65)),
    valid_from      bigint NOT NULL,
    valid_until     bigint NOT NULL CHECK (valid_until > valid_from),
    act             uuid NOT NULL REFERENCES administrator_act (uuid)
);
CREATE INDEX client_key_client ON client_key (client);
COMMENT ON TABLE client_key IS 'Public keys of clients (RFC 9421 `keyid` is the id).';
COMMENT ON COLUMN client_key.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN client_key.client IS 'whose';
COMMENT ON COLUMN client_key.algorithm IS 'algorithm, as in the parameter `alg`';
COMMENT ON COLUMN client_key.public_key IS 'public key: 32 bytes, or 65 of an uncompressed point';
COMMENT ON COLUMN client_key.valid_from IS 'from when it is good';
COMMENT ON COLUMN client_key.valid_until IS 'until when it is good, this moment excluded';
COMMENT ON COLUMN client_key.act IS 'the act that registered it';

CREATE TABLE client_key_end (
    client_key      uuid PRIMARY KEY REFERENCES client_key (uuid),
    revoked_at      bigint NOT NULL,
    act             uuid NOT NULL REFERENCES administrator_act (uuid)
);
COMMENT ON TABLE client_key_end IS 'Keys that were revoked before their time.';
COMMENT ON COLUMN client_key_end.client_key IS 'key';
COMMENT ON COLUMN client_key_end.revoked_at IS 'when';
COMMENT ON COLUMN client_key_end.act IS 'the act that revoked it';

CREATE TABLE client_session (
    uuid            uuid PRIMARY KEY,
    client_key      uuid NOT NULL REFERENCES client_key (uuid),
    created_at      bigint NOT NULL,
    expires_at      bigint NOT NULL
);
CREATE INDEX client_session_key ON client_session (client_key);
CREATE INDEX client_session_expiry ON client_session (expires_at);
COMMENT ON TABLE client_session IS 'Queue: short sessions of clients, whose message key is derived from these columns and kept nowhere.';
COMMENT ON COLUMN client_session.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN client_session.client_key IS 'key that asked for it; with it the session ends';
COMMENT ON COLUMN client_session.created_at IS 'when begun';
COMMENT ON COLUMN client_session.expires_at IS 'end';

CREATE TABLE client_nonce (
    nonce_hash      bytea PRIMARY KEY CHECK (octet_length(nonce_hash) = 32),
    expires_at      bigint NOT NULL
);
CREATE INDEX client_nonce_expiry ON client_nonce (expires_at);
COMMENT ON TABLE client_nonce IS 'Queue: nonces that were used, as long as a replay could be inside the window of time.';
COMMENT ON COLUMN client_nonce.nonce_hash IS 'hash of key id and nonce';
COMMENT ON COLUMN client_nonce.expires_at IS 'from when the time alone refuses it';

CREATE TRIGGER administrator_act_keeps_rows BEFORE DELETE OR TRUNCATE ON administrator_act
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER administrator_act_keeps_columns BEFORE UPDATE ON administrator_act
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER account_end_keeps_rows BEFORE DELETE OR TRUNCATE ON account_end
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_end_keeps_columns BEFORE UPDATE ON account_end
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER client_keeps_rows BEFORE DELETE OR TRUNCATE ON client
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER client_keeps_columns BEFORE UPDATE ON client
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER client_key_keeps_rows BEFORE DELETE OR TRUNCATE ON client_key
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER client_key_keeps_columns BEFORE UPDATE ON client_key
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER client_key_end_keeps_rows BEFORE DELETE OR TRUNCATE ON client_key_end
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER client_key_end_keeps_columns BEFORE UPDATE ON client_key_end
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE procedure DROP CONSTRAINT procedure_kind_check;
ALTER TABLE procedure ADD CONSTRAINT procedure_kind_check
    CHECK (kind IN ('review', 'unrecognised_look_up', 'break_glass', 'break_glass_review'));

CREATE TABLE break_glass (
    procedure       uuid PRIMARY KEY REFERENCES procedure (uuid),
    purpose         text NOT NULL CHECK (purpose LIKE 'PUR-_%'),
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    by_account      uuid NOT NULL,
    minutes         integer NOT NULL CHECK (minutes BETWEEN 1 AND 60),
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32)
);
COMMENT ON TABLE break_glass IS 'Emergencies 紧急查询: a look at one person without a registered matter, asked for by one officer and granted by another of the same organisation, for an hour at most.';
COMMENT ON COLUMN break_glass.procedure IS 'the procedure; what was typed lies sealed there, and its first step grants';
COMMENT ON COLUMN break_glass.purpose IS 'purpose of the catalogue';
COMMENT ON COLUMN break_glass.tag IS 'B1 tag of the number, known or not';
COMMENT ON COLUMN break_glass.index_no IS '1 = B1, 2 = B2';
COMMENT ON COLUMN break_glass.key_version IS 'version of the index key';
COMMENT ON COLUMN break_glass.by_account IS 'account of the officer who asked';
COMMENT ON COLUMN break_glass.minutes IS 'for how long, once granted';
COMMENT ON COLUMN break_glass.entry_hash IS 'hash of its log entry';

CREATE TABLE subject_notice (
    notice_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    procedure       uuid NOT NULL UNIQUE REFERENCES procedure (uuid),
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    noticed_at      bigint NOT NULL,
    ends_at         bigint NOT NULL CHECK (ends_at > noticed_at)
);
CREATE INDEX subject_notice_tag ON subject_notice (tag, index_no, key_version);
COMMENT ON TABLE subject_notice IS 'What a person is told of by the number: granted emergencies. Written in the transaction of what it tells.';
COMMENT ON COLUMN subject_notice.notice_id IS 'order';
COMMENT ON COLUMN subject_notice.procedure IS 'the procedure that it tells of; one notice for one grant';
COMMENT ON COLUMN subject_notice.tag IS 'B1 tag of the number';
COMMENT ON COLUMN subject_notice.index_no IS '1 = B1, 2 = B2';
COMMENT ON COLUMN subject_notice.key_version IS 'version of the index key';
COMMENT ON COLUMN subject_notice.noticed_at IS 'when granted';
COMMENT ON COLUMN subject_notice.ends_at IS 'until when the emergency lasts';

CREATE TRIGGER break_glass_keeps_rows BEFORE DELETE OR TRUNCATE ON break_glass
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER break_glass_keeps_columns BEFORE UPDATE ON break_glass
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER subject_notice_keeps_rows BEFORE DELETE OR TRUNCATE ON subject_notice
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER subject_notice_keeps_columns BEFORE UPDATE ON subject_notice
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
