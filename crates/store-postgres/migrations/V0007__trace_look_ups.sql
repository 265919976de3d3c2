-- Look-ups: registry of matters, what was asked and answered, what came of it, locks, withholding, alarms.
ALTER TABLE procedure DROP CONSTRAINT procedure_kind_check;
ALTER TABLE procedure ADD CONSTRAINT procedure_kind_check CHECK (kind IN ('review', 'unrecognised_look_up'));

CREATE TABLE matter (
    matter_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    matter_no       text NOT NULL CHECK (length(matter_no) BETWEEN 1 AND 60),
    purpose         text NOT NULL CHECK (purpose LIKE 'PUR-_%'),
    opened_day      integer NOT NULL,
    by_account      uuid NOT NULL,
    registered_at   bigint NOT NULL,
    UNIQUE (organisation, matter_no)
);
COMMENT ON TABLE matter IS 'Matters 办件 of the departments: whoever is looked up is looked up for one. A matter names nobody.';
COMMENT ON COLUMN matter.matter_id IS 'order of registration';
COMMENT ON COLUMN matter.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN matter.organisation IS 'whose business it is';
COMMENT ON COLUMN matter.matter_no IS 'the department''s own number';
COMMENT ON COLUMN matter.purpose IS 'purpose of the catalogue';
COMMENT ON COLUMN matter.opened_day IS 'on which day it began';
COMMENT ON COLUMN matter.by_account IS 'account that registered it';
COMMENT ON COLUMN matter.registered_at IS 'when';

CREATE TRIGGER matter_keeps_rows BEFORE DELETE OR TRUNCATE ON matter
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER matter_keeps_columns BEFORE UPDATE ON matter
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE matter_event (
    matter_id       bigint NOT NULL REFERENCES matter (matter_id),
    event_no        integer NOT NULL CHECK (event_no >= 1),
    kind            text NOT NULL CHECK (kind IN ('closed', 'reopened')),
    effective_day   integer NOT NULL,
    by_account      uuid NOT NULL,
    known_at        bigint NOT NULL,
    PRIMARY KEY (matter_id, event_no)
);
COMMENT ON TABLE matter_event IS 'What became of matters: one that is closed is no ground to look anybody up.';
COMMENT ON COLUMN matter_event.matter_id IS 'matter';
COMMENT ON COLUMN matter_event.event_no IS '1, 2, … within the matter: two who saw the same state collide here';
COMMENT ON COLUMN matter_event.kind IS 'what happened';
COMMENT ON COLUMN matter_event.effective_day IS 'from which day it is true';
COMMENT ON COLUMN matter_event.by_account IS 'account of the human or system that said so';
COMMENT ON COLUMN matter_event.known_at IS 'when it became known';

CREATE TRIGGER matter_event_keeps_rows BEFORE DELETE OR TRUNCATE ON matter_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER matter_event_keeps_columns BEFORE UPDATE ON matter_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE look_up (
    look_up_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE REFERENCES trace (uuid),
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    by_account      uuid NOT NULL,
    client          uuid,
    purpose         text NOT NULL CHECK (purpose LIKE 'PUR-_%'),
    matter_id       bigint REFERENCES matter (matter_id),
    request_key     bytea NOT NULL UNIQUE CHECK (octet_length(request_key) = 32),
    request_tag     bytea NOT NULL CHECK (octet_length(request_tag) = 32),
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    asked_day       integer NOT NULL,
    asked_at        bigint NOT NULL
);
COMMENT ON TABLE look_up IS 'Look-ups in clear columns: who asked, for what, under which matter, about which tag. Written with the trace, in one transaction.';
COMMENT ON COLUMN look_up.look_up_id IS 'order of arrival';
COMMENT ON COLUMN look_up.uuid IS 'the trace; public id';
COMMENT ON COLUMN look_up.organisation IS 'organisation that asks';
COMMENT ON COLUMN look_up.by_account IS 'account of the verified officer';
COMMENT ON COLUMN look_up.client IS 'registered client of a department''s system, if one asked';
COMMENT ON COLUMN look_up.purpose IS 'purpose of the catalogue';
COMMENT ON COLUMN look_up.matter_id IS 'registered matter; NULL where the purpose needs none';
COMMENT ON COLUMN look_up.request_key IS 'hash of asker and idempotency key: asked twice is one look-up';
COMMENT ON COLUMN look_up.request_tag IS 'keyed tag of what was asked: another request under the same key is refused';
COMMENT ON COLUMN look_up.tag IS 'B1 tag of the number';
COMMENT ON COLUMN look_up.index_no IS '1 = B1, 2 = B2';
COMMENT ON COLUMN look_up.key_version IS 'version of the index key';
COMMENT ON COLUMN look_up.asked_day IS 'day, for the limits on distinct persons';
COMMENT ON COLUMN look_up.asked_at IS 'when';
CREATE INDEX look_up_day ON look_up (asked_day, look_up_id);
CREATE INDEX look_up_matter ON look_up (matter_id) WHERE matter_id IS NOT NULL;

CREATE TRIGGER look_up_keeps_rows BEFORE DELETE OR TRUNCATE ON look_up
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER look_up_keeps_columns BEFORE UPDATE ON look_up
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE look_up_answer (
    uuid            uuid PRIMARY KEY REFERENCES look_up (uuid),
    content_salt    bytea CHECK (octet_length(content_salt) = 16),
    content         bytea CHECK ((content IS NULL) = (content_salt IS NULL)),
    must_close      smallint NOT NULL CHECK (must_close IN (0, 1)),
    close_by        integer,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    answered_at     bigint NOT NULL,
    CHECK ((must_close = 1) = (close_by IS NOT NULL))
);
COMMENT ON TABLE look_up_answer IS 'What look-ups answered. One without a row here reads "unknown, treated as disclosed".';
COMMENT ON COLUMN look_up_answer.uuid IS 'look-up';
COMMENT ON COLUMN look_up_answer.content_salt IS 'sealed items and records answered: salt';
COMMENT ON COLUMN look_up_answer.content IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN look_up_answer.must_close IS '1 if an adverse fact was among them: the officer says what came of it';
COMMENT ON COLUMN look_up_answer.close_by IS 'last day for it';
COMMENT ON COLUMN look_up_answer.entry_hash IS 'hash of its log entry';
COMMENT ON COLUMN look_up_answer.answered_at IS 'when';

CREATE TRIGGER look_up_answer_keeps_rows BEFORE DELETE OR TRUNCATE ON look_up_answer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER look_up_answer_keeps_columns BEFORE UPDATE ON look_up_answer
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('content_salt', 'content');

CREATE TABLE look_up_closing (
    uuid            uuid PRIMARY KEY REFERENCES look_up (uuid),
    result          text NOT NULL CHECK (result IN ('not_used', 'proceeding')),
    reference_salt  bytea CHECK (octet_length(reference_salt) = 16),
    reference       bytea CHECK ((reference IS NULL) = (reference_salt IS NULL)),
    by_account      uuid NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    closed_at       bigint NOT NULL
);
COMMENT ON TABLE look_up_closing IS 'What came of look-ups that answered with an adverse fact (R3).';
COMMENT ON COLUMN look_up_closing.uuid IS 'look-up';
COMMENT ON COLUMN look_up_closing.result IS 'what came of it';
COMMENT ON COLUMN look_up_closing.reference_salt IS 'sealed number of the proceeding: salt';
COMMENT ON COLUMN look_up_closing.reference IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN look_up_closing.by_account IS 'account of the human who says so';
COMMENT ON COLUMN look_up_closing.entry_hash IS 'hash of its log entry';
COMMENT ON COLUMN look_up_closing.closed_at IS 'when';

CREATE TRIGGER look_up_closing_keeps_rows BEFORE DELETE OR TRUNCATE ON look_up_closing
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER look_up_closing_keeps_columns BEFORE UPDATE ON look_up_closing
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('reference_salt', 'reference');

CREATE TABLE withholding (
    uuid            uuid NOT NULL REFERENCES look_up (uuid),
    step_no         integer NOT NULL CHECK (step_no BETWEEN 1 AND 3),
    law             text NOT NULL CHECK (length(law) BETWEEN 4 AND 200),
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    until_at        bigint NOT NULL,
    by_account      uuid NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    decided_at      bigint NOT NULL,
    PRIMARY KEY (uuid, step_no),
    CHECK (until_at > decided_at AND until_at <= decided_at + 31622400000)
);
COMMENT ON TABLE withholding IS 'Look-ups not yet shown to the person, under a cited law, with an end (R6): the first, and two renewals by a second body at most.';
COMMENT ON COLUMN withholding.uuid IS 'look-up';
COMMENT ON COLUMN withholding.step_no IS '1 = withheld, 2 and 3 = renewed';
COMMENT ON COLUMN withholding.law IS 'document and article that allow it';
COMMENT ON COLUMN withholding.organisation IS 'body that decided it';
COMMENT ON COLUMN withholding.until_at IS 'until when; by itself it is shown then';
COMMENT ON COLUMN withholding.by_account IS 'account of the human who decided it';
COMMENT ON COLUMN withholding.entry_hash IS 'hash of its log entry';
COMMENT ON COLUMN withholding.decided_at IS 'when';

CREATE TRIGGER withholding_keeps_rows BEFORE DELETE OR TRUNCATE ON withholding
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER withholding_keeps_columns BEFORE UPDATE ON withholding
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE file_lock (
    lock_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    is_locked       smallint NOT NULL CHECK (is_locked IN (0, 1)),
    by_account      uuid NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    set_at          bigint NOT NULL
);
COMMENT ON TABLE file_lock IS 'Whether the person locked the own records against look-ups that no statute compels. The latest row of a tag holds; a person without a file can lock it, too.';
COMMENT ON COLUMN file_lock.lock_id IS 'order';
COMMENT ON COLUMN file_lock.tag IS 'B1 tag of the number';
COMMENT ON COLUMN file_lock.index_no IS '1 = B1, 2 = B2';
COMMENT ON COLUMN file_lock.key_version IS 'version of the index key';
COMMENT ON COLUMN file_lock.is_locked IS '1 = locked';
COMMENT ON COLUMN file_lock.by_account IS 'the person''s account';
COMMENT ON COLUMN file_lock.entry_hash IS 'hash of its log entry';
COMMENT ON COLUMN file_lock.set_at IS 'when';
CREATE INDEX file_lock_tag ON file_lock (tag);

CREATE TRIGGER file_lock_keeps_rows BEFORE DELETE OR TRUNCATE ON file_lock
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER file_lock_keeps_columns BEFORE UPDATE ON file_lock
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE alarm (
    alarm_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    by_account      uuid NOT NULL,
    client          uuid,
    purpose         text CHECK (purpose LIKE 'PUR-_%'),
    look_up         uuid,
    raised_at       bigint NOT NULL
);
COMMENT ON TABLE alarm IS 'Alarms about look-ups, without personal data.';
COMMENT ON COLUMN alarm.alarm_id IS 'order';
COMMENT ON COLUMN alarm.kind IS 'what was noticed';
COMMENT ON COLUMN alarm.organisation IS 'organisation of the asker';
COMMENT ON COLUMN alarm.by_account IS 'account of the asker';
COMMENT ON COLUMN alarm.client IS 'registered client, if one asked';
COMMENT ON COLUMN alarm.purpose IS 'purpose named';
COMMENT ON COLUMN alarm.look_up IS 'look-up, if it was traced';
COMMENT ON COLUMN alarm.raised_at IS 'when';

CREATE TRIGGER alarm_keeps_rows BEFORE DELETE OR TRUNCATE ON alarm
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alarm_keeps_columns BEFORE UPDATE ON alarm
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE declared_relation (
    by_account      uuid NOT NULL,
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    kind            text NOT NULL CHECK (kind IN ('own', 'kin', 'colleague')),
    declared_at     bigint NOT NULL,
    PRIMARY KEY (by_account, tag, index_no, key_version)
);
COMMENT ON TABLE declared_relation IS 'Whom an officer is, or stands close to, by tags of numbers: such a person is not shown to that officer (AB-09).';
COMMENT ON COLUMN declared_relation.by_account IS 'the officer''s account';
COMMENT ON COLUMN declared_relation.tag IS 'B1 tag of the number';
COMMENT ON COLUMN declared_relation.index_no IS '1 = B1, 2 = B2';
COMMENT ON COLUMN declared_relation.key_version IS 'version of the index key';
COMMENT ON COLUMN declared_relation.kind IS 'what the person is to the officer';
COMMENT ON COLUMN declared_relation.declared_at IS 'when';

CREATE TRIGGER declared_relation_keeps_rows BEFORE DELETE OR TRUNCATE ON declared_relation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER declared_relation_keeps_columns BEFORE UPDATE ON declared_relation
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE honey_number (
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    added_at        bigint NOT NULL,
    PRIMARY KEY (tag, index_no, key_version)
);
COMMENT ON TABLE honey_number IS 'Numbers that were never issued, by their tags: whoever asks for one is trying numbers.';
COMMENT ON COLUMN honey_number.tag IS 'B1 tag of the number';
COMMENT ON COLUMN honey_number.index_no IS '1 = B1, 2 = B2';
COMMENT ON COLUMN honey_number.key_version IS 'version of the index key';
COMMENT ON COLUMN honey_number.added_at IS 'when';

CREATE TRIGGER honey_number_keeps_rows BEFORE DELETE OR TRUNCATE ON honey_number
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER honey_number_keeps_columns BEFORE UPDATE ON honey_number
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE look_up_open (
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    look_up_id      bigint NOT NULL UNIQUE REFERENCES look_up (look_up_id),
    by_account      uuid NOT NULL,
    close_by        integer NOT NULL,
    PRIMARY KEY (organisation, look_up_id)
);
COMMENT ON TABLE look_up_open IS 'Queue: look-ups that are to be closed, so that the list stays short whatever was closed.';
COMMENT ON COLUMN look_up_open.organisation IS 'organisation that asked';
COMMENT ON COLUMN look_up_open.look_up_id IS 'look-up';
COMMENT ON COLUMN look_up_open.by_account IS 'officer who asked';
COMMENT ON COLUMN look_up_open.close_by IS 'last day for it';
