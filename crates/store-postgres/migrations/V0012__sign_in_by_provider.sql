-- Officers sign in by the city's identity provider (OpenID Connect 统一身份认证): whom it names is bound to an account by an act.

CREATE TABLE account_subject (
    uuid            uuid PRIMARY KEY,
    account         uuid NOT NULL REFERENCES account (uuid),
    subject         bytea NOT NULL CHECK (octet_length(subject) = 32),
    bound_at        bigint NOT NULL,
    act             uuid NOT NULL REFERENCES administrator_act (uuid)
);
COMMENT ON TABLE account_subject IS 'Whom an account stands for at the identity provider. The provider''s own name of the human is not kept.';
COMMENT ON COLUMN account_subject.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN account_subject.account IS 'account of an officer';
COMMENT ON COLUMN account_subject.subject IS 'hash of the provider''s issuer and its subject';
COMMENT ON COLUMN account_subject.bound_at IS 'when bound';
COMMENT ON COLUMN account_subject.act IS 'the act that bound it';

CREATE TABLE account_subject_end (
    binding         uuid PRIMARY KEY REFERENCES account_subject (uuid),
    ended_at        bigint NOT NULL,
    act             uuid NOT NULL REFERENCES administrator_act (uuid)
);
COMMENT ON TABLE account_subject_end IS 'Bindings that ended, by an act of their own or with the account.';
COMMENT ON COLUMN account_subject_end.binding IS 'binding';
COMMENT ON COLUMN account_subject_end.ended_at IS 'when';
COMMENT ON COLUMN account_subject_end.act IS 'the act that ended it';

CREATE TABLE account_subject_live (
    subject         bytea PRIMARY KEY CHECK (octet_length(subject) = 32),
    account         uuid NOT NULL UNIQUE REFERENCES account (uuid),
    binding         uuid NOT NULL UNIQUE REFERENCES account_subject (uuid)
);
COMMENT ON TABLE account_subject_live IS 'Queue: bindings in force. A subject has one account, and an account one subject.';
COMMENT ON COLUMN account_subject_live.subject IS 'hash of issuer and subject';
COMMENT ON COLUMN account_subject_live.account IS 'account';
COMMENT ON COLUMN account_subject_live.binding IS 'binding';

CREATE TABLE sign_in (
    state_hash      bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    browser_hash    bytea NOT NULL CHECK (octet_length(browser_hash) = 32),
    session_hash    bytea CHECK (octet_length(session_hash) = 32),
    return_to       text NOT NULL CHECK (length(return_to) BETWEEN 1 AND 500),
    expires_at      bigint NOT NULL
);
CREATE INDEX sign_in_expiry ON sign_in (expires_at);
COMMENT ON TABLE sign_in IS 'Queue: questions put to the provider whose answer is awaited. Each is taken once.';
COMMENT ON COLUMN sign_in.state_hash IS 'hash of the state that comes back';
COMMENT ON COLUMN sign_in.browser_hash IS 'hash of the secret in the browser that asked';
COMMENT ON COLUMN sign_in.session_hash IS 'hash of the token of the session that is confirmed; NULL: a new session is wanted';
COMMENT ON COLUMN sign_in.return_to IS 'page of ours to go on with';
COMMENT ON COLUMN sign_in.expires_at IS 'from when no answer is taken';

ALTER TABLE session ADD COLUMN binding uuid REFERENCES account_subject (uuid);
ALTER TABLE session ADD COLUMN second_factor_until bigint;
ALTER TABLE session ADD COLUMN provider_session bytea CHECK (octet_length(provider_session) = 32);
COMMENT ON COLUMN session.binding IS 'the binding by which the provider''s word began it; with it the session ends';
COMMENT ON COLUMN session.second_factor_until IS 'until when the second factor that the provider told of counts';
COMMENT ON COLUMN session.provider_session IS 'hash of the provider''s name for its session';

CREATE TRIGGER account_subject_keeps_rows BEFORE DELETE OR TRUNCATE ON account_subject
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_subject_keeps_columns BEFORE UPDATE ON account_subject
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER account_subject_end_keeps_rows BEFORE DELETE OR TRUNCATE ON account_subject_end
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_subject_end_keeps_columns BEFORE UPDATE ON account_subject_end
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
