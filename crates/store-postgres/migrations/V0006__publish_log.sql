-- Entries of more kinds, a way from an entry's hash to its place, and the heads that were signed.
ALTER TABLE outbox DROP CONSTRAINT outbox_kind_check, ADD CONSTRAINT outbox_kind_check CHECK (kind IN (
    'trace', 'chunk', 'receipt', 'record_event', 'person_event', 'procedure_step', 'outcome', 'look_up_closed', 'decision',
    'consent', 'catalogue', 'policy', 'key', 'administrator'));
ALTER TABLE log_entry DROP CONSTRAINT log_entry_kind_check, ADD CONSTRAINT log_entry_kind_check CHECK (kind IN (
    'trace', 'chunk', 'receipt', 'record_event', 'person_event', 'procedure_step', 'outcome', 'look_up_closed', 'decision',
    'consent', 'catalogue', 'policy', 'key', 'administrator'));
-- Eight bytes tell entries apart well enough; the whole hash is compared in the row.
CREATE INDEX log_entry_hash ON log_entry (substr(entry_hash, 1, 8));
-- The newest version of something.
CREATE INDEX log_entry_version ON log_entry (kind, log_index) WHERE kind IN ('catalogue', 'policy');

CREATE TABLE log_head (
    origin          text NOT NULL CHECK (length(origin) BETWEEN 1 AND 255),
    size            bigint NOT NULL CHECK (size >= 0),
    root            bytea NOT NULL CHECK (octet_length(root) = 32),
    signature       bytea NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (origin, size)
);
COMMENT ON TABLE log_head IS 'Heads of the log''s tree that were signed, before anybody was given them.';
COMMENT ON COLUMN log_head.origin IS 'name of the log; one that was given up is followed by another over the same entries';
COMMENT ON COLUMN log_head.size IS 'entries of the tree';
COMMENT ON COLUMN log_head.root IS 'root of the tree (RFC 6962)';
COMMENT ON COLUMN log_head.signature IS 'the log''s Ed25519 signature of the checkpoint';

CREATE TRIGGER log_head_keeps_rows BEFORE DELETE OR TRUNCATE ON log_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_head_keeps_columns BEFORE UPDATE ON log_head
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
