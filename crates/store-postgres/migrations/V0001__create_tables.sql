-- The first schema. Conventions:
--   * moments are milliseconds since 1970-01-01T00:00Z; days are days since 1970-01-01 (China Standard Time);
--   * states are words, held by CHECK; codes are used only in the narrow indexes that every row passes;
--   * "sealed" columns come in pairs <name>_salt and <name>: both NULL once erased (the only UPDATE that is allowed);
--   * everything is append-only (V0002) but for the queues: outbox, session, attempt, lease, procedure_open;
--   * `record` and `blind_index` name persons without a foreign key: its check, row by row, would cost more than the COPY.
--     Persons are never deleted, and the chunk's transaction looks up all persons it names in one statement;
--   * tables of persons have keys that include person_id, so that they can be distributed by it (Citus).

CREATE TABLE delivery (
    delivery_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    provider        text NOT NULL CHECK (length(provider) = 18),
    item            text NOT NULL CHECK (item LIKE 'ITM-_%'),
    content_hash    bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    bytes           bigint NOT NULL CHECK (bytes >= 0),
    key             bytea CHECK (octet_length(key) > 0),
    file_name_salt  bytea CHECK (octet_length(file_name_salt) = 16),
    file_name       bytea CHECK ((file_name IS NULL) = (file_name_salt IS NULL)),
    by_account      uuid NOT NULL,
    received_at     bigint NOT NULL,
    UNIQUE (provider, item, content_hash)
);
COMMENT ON TABLE delivery IS 'Deliveries (归集文件). State and counts are not stored here: they follow from delivery_receipt and chunk.';
COMMENT ON COLUMN delivery.delivery_id IS 'local number';
COMMENT ON COLUMN delivery.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN delivery.provider IS 'organisation that delivers (统一社会信用代码)';
COMMENT ON COLUMN delivery.item IS 'item of the catalogue';
COMMENT ON COLUMN delivery.content_hash IS 'SHA-256 of the bytes; with provider and item the idempotency key';
COMMENT ON COLUMN delivery.bytes IS 'size in bytes';
COMMENT ON COLUMN delivery.key IS 'delivery key, wrapped by the vault; NULL once destroyed';
COMMENT ON COLUMN delivery.file_name_salt IS 'sealed file name (a file name can name a person): salt';
COMMENT ON COLUMN delivery.file_name IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN delivery.by_account IS 'account that delivered it';
COMMENT ON COLUMN delivery.received_at IS 'when begun';

CREATE TABLE delivery_receipt (
    delivery_id     bigint PRIMARY KEY REFERENCES delivery (delivery_id),
    state           text NOT NULL CHECK (state IN ('done', 'refused')),
    receipt         bytea NOT NULL,
    finished_at     bigint NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32)
);
COMMENT ON TABLE delivery_receipt IS 'The receipt given out for a delivery; its row ends the delivery.';
COMMENT ON COLUMN delivery_receipt.delivery_id IS 'delivery';
COMMENT ON COLUMN delivery_receipt.state IS 'how it ended';
COMMENT ON COLUMN delivery_receipt.receipt IS 'signed receipt as given out, without personal data';
COMMENT ON COLUMN delivery_receipt.finished_at IS 'when finished';
COMMENT ON COLUMN delivery_receipt.entry_hash IS 'hash of the log entry of the receipt';

CREATE TABLE chunk (
    chunk_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY CHECK (chunk_id BETWEEN 1 AND 4398046511103),
    uuid            uuid NOT NULL UNIQUE,
    delivery_id     bigint REFERENCES delivery (delivery_id),
    chunk_no        integer NOT NULL CHECK (chunk_no >= 0),
    rows_done       bigint NOT NULL CHECK (rows_done >= 0),
    committed_at    bigint NOT NULL,
    records         integer NOT NULL CHECK (records BETWEEN 0 AND 1048576),
    new_persons     integer NOT NULL CHECK (new_persons >= 0),
    received        bigint NOT NULL CHECK (received >= 0),
    recorded        bigint NOT NULL CHECK (recorded >= 0),
    repeated        bigint NOT NULL CHECK (repeated >= 0),
    held            bigint NOT NULL CHECK (held >= 0),
    pending         bigint NOT NULL CHECK (pending >= 0),
    refused         bigint NOT NULL CHECK (refused >= 0),
    corrected       bigint NOT NULL CHECK (corrected >= 0),
    withdrawn       bigint NOT NULL CHECK (withdrawn >= 0),
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    UNIQUE (delivery_id, chunk_no),
    -- I1: the counts of a receipt add up
    CHECK (received = recorded + repeated + held + pending + refused),
    CHECK (corrected + withdrawn <= recorded)
);
COMMENT ON TABLE chunk IS 'One transaction of an intake, or one single act. The row stands for the receipt of all its records: their moment, their public ids, their notice and their log entry.';
COMMENT ON COLUMN chunk.chunk_id IS 'local number; high bits of the records'' numbers';
COMMENT ON COLUMN chunk.uuid IS 'base of the public ids of its records: the low 20 bits are zero';
COMMENT ON COLUMN chunk.delivery_id IS 'delivery; NULL for single acts (a review''s decision, a correction by hand)';
COMMENT ON COLUMN chunk.chunk_no IS 'number within the delivery, from 0';
COMMENT ON COLUMN chunk.rows_done IS 'resume point: data rows of the delivery taken in after this chunk';
COMMENT ON COLUMN chunk.committed_at IS 'when committed';
COMMENT ON COLUMN chunk.records IS 'records written with it; their ordinals are 0 … records - 1';
COMMENT ON COLUMN chunk.new_persons IS 'persons it created';
COMMENT ON COLUMN chunk.received IS 'data rows read';
COMMENT ON COLUMN chunk.recorded IS 'rows that had effect';
COMMENT ON COLUMN chunk.repeated IS 'rows whose content was there already';
COMMENT ON COLUMN chunk.held IS 'rows held';
COMMENT ON COLUMN chunk.pending IS 'rows that wait for a review';
COMMENT ON COLUMN chunk.refused IS 'rows refused';
COMMENT ON COLUMN chunk.corrected IS 'of the recorded ones: corrections';
COMMENT ON COLUMN chunk.withdrawn IS 'of the recorded ones: withdrawals';
COMMENT ON COLUMN chunk.entry_hash IS 'hash of the log entry that stands for its effects';

CREATE TABLE chunk_count (
    chunk_id        bigint NOT NULL REFERENCES chunk (chunk_id),
    item            text NOT NULL CHECK (item LIKE 'ITM-_%'),
    state           text NOT NULL CHECK (state IN ('usable', 'held')),
    records         integer NOT NULL CHECK (records > 0),
    PRIMARY KEY (chunk_id, item, state)
);
COMMENT ON TABLE chunk_count IS 'Records of a chunk by item and birth state, so that statistics need not read the records.';
COMMENT ON COLUMN chunk_count.chunk_id IS 'chunk';
COMMENT ON COLUMN chunk_count.item IS 'item';
COMMENT ON COLUMN chunk_count.state IS 'state at birth';
COMMENT ON COLUMN chunk_count.records IS 'number of records';

CREATE TABLE fault_count (
    chunk_id        bigint NOT NULL REFERENCES chunk (chunk_id),
    code            text NOT NULL CHECK (length(code) BETWEEN 1 AND 40),
    faults          bigint NOT NULL CHECK (faults > 0),
    PRIMARY KEY (chunk_id, code)
);
COMMENT ON TABLE fault_count IS 'Faults of a chunk by code.';
COMMENT ON COLUMN fault_count.chunk_id IS 'chunk';
COMMENT ON COLUMN fault_count.code IS 'fault code, E01 …';
COMMENT ON COLUMN fault_count.faults IS 'number of faults';

CREATE TABLE fault_block (
    chunk_id        bigint PRIMARY KEY REFERENCES chunk (chunk_id),
    lines           bytea NOT NULL CHECK (octet_length(lines) > 0)
);
COMMENT ON TABLE fault_block IS 'Faults of a chunk, one JSON object a line, without personal data.';
COMMENT ON COLUMN fault_block.chunk_id IS 'chunk';
COMMENT ON COLUMN fault_block.lines IS 'the lines';

-- Numbers of persons: a chunk takes as many as it needs.
CREATE SEQUENCE person_number AS bigint;

CREATE TABLE person (
    person_id       bigint PRIMARY KEY,
    uuid            uuid NOT NULL,
    secret          bytea CHECK (octet_length(secret) > 0),
    identity_salt   bytea CHECK (octet_length(identity_salt) = 16),
    identity        bytea CHECK ((identity IS NULL) = (identity_salt IS NULL))
);
COMMENT ON TABLE person IS 'Persons. Number and name are in `identity`, sealed; they are found through blind_index only.';
COMMENT ON COLUMN person.person_id IS 'local number; clusters rows, never leaves the system';
COMMENT ON COLUMN person.uuid IS 'public id, UUIDv7; binds the wrapped secret';
COMMENT ON COLUMN person.secret IS 'person secret, wrapped by the vault; NULL once destroyed: that erases the person';
COMMENT ON COLUMN person.identity_salt IS 'sealed identity (document kind, number, name): salt';
COMMENT ON COLUMN person.identity IS 'the ciphertext that belongs to that salt; NULL once erased';

CREATE TABLE blind_index (
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    person_id       bigint NOT NULL,
    PRIMARY KEY (tag, index_no, key_version)
);
COMMENT ON TABLE blind_index IS 'Blind indexes (keyed tags) of persons: B1 = number, B2 = number and name.';
COMMENT ON COLUMN blind_index.tag IS 'HMAC, truncated to 128 bits';
COMMENT ON COLUMN blind_index.index_no IS '1 = B1 (number), 2 = B2 (number and name)';
COMMENT ON COLUMN blind_index.key_version IS 'version of the index key; two may live at once';
COMMENT ON COLUMN blind_index.person_id IS 'person';

CREATE TABLE person_event (
    event_id        bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    person_id       bigint NOT NULL REFERENCES person (person_id),
    kind            text NOT NULL CHECK (kind IN ('linked', 'unlinked', 'split', 'alias_confirmed')),
    other_person_id bigint REFERENCES person (person_id) CHECK (other_person_id <> person_id),
    reason_salt     bytea CHECK (octet_length(reason_salt) = 16),
    reason          bytea CHECK ((reason IS NULL) = (reason_salt IS NULL)),
    by_account      uuid NOT NULL,
    happened_at     bigint NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    CHECK ((kind = 'alias_confirmed') = (other_person_id IS NULL)),
    PRIMARY KEY (person_id, event_id)
);
CREATE INDEX person_event_other ON person_event (other_person_id) WHERE other_person_id IS NOT NULL;
COMMENT ON TABLE person_event IS 'Events of persons as a whole.';
COMMENT ON COLUMN person_event.event_id IS 'order of events';
COMMENT ON COLUMN person_event.person_id IS 'person';
COMMENT ON COLUMN person_event.kind IS 'what happened';
COMMENT ON COLUMN person_event.other_person_id IS 'the other person of a link or split';
COMMENT ON COLUMN person_event.reason_salt IS 'sealed reason: salt';
COMMENT ON COLUMN person_event.reason IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN person_event.by_account IS 'account of the human who did it';
COMMENT ON COLUMN person_event.happened_at IS 'when';
COMMENT ON COLUMN person_event.entry_hash IS 'hash of its log entry';

CREATE TABLE record (
    record_id       bigint NOT NULL,
    person_id       bigint NOT NULL,
    item            text NOT NULL CHECK (item LIKE 'ITM-_%'),
    provider        text NOT NULL CHECK (length(provider) = 18),
    state           text NOT NULL CHECK (state IN ('usable', 'held')),
    class           text CHECK (class IN ('minor', 'general', 'serious')),
    end_day         integer NOT NULL,
    fact_tag        bigint NOT NULL,
    revision        integer NOT NULL CHECK (revision >= 0),
    content_tag     bytea NOT NULL CHECK (octet_length(content_tag) = 16),
    content_salt    bytea CHECK (octet_length(content_salt) = 16),
    content         bytea CHECK ((content IS NULL) = (content_salt IS NULL)),
    PRIMARY KEY (person_id, record_id)
);
-- E12: one record per person, fact and revision.
CREATE UNIQUE INDEX record_fact ON record (person_id, fact_tag, revision);
-- Order of arrival, and public ids: only ever appended at its right edge.
CREATE INDEX record_arrival ON record (record_id);
COMMENT ON TABLE record IS 'Records: a heap in arrival order. Public id = chunk.uuid + (record_id mod 2^20); moment = chunk.committed_at.';
COMMENT ON COLUMN record.record_id IS 'chunk_id * 2^20 + ordinal in the chunk';
COMMENT ON COLUMN record.person_id IS 'whose';
COMMENT ON COLUMN record.item IS 'item';
COMMENT ON COLUMN record.provider IS 'organisation that delivered it';
COMMENT ON COLUMN record.state IS 'state at birth';
COMMENT ON COLUMN record.class IS 'class of an adverse record (decree 36)';
COMMENT ON COLUMN record.end_day IS 'last day on which anybody but the person may read it';
COMMENT ON COLUMN record.fact_tag IS 'keyed tag of the fact (item, 文号, organ)';
COMMENT ON COLUMN record.revision IS '0 for the first delivery of the fact, then 1, 2, … for each correction';
COMMENT ON COLUMN record.content_tag IS 'keyed tag of the content: the same again is a repetition';
COMMENT ON COLUMN record.content_salt IS 'sealed content: salt';
COMMENT ON COLUMN record.content IS 'the ciphertext that belongs to that salt; NULL once erased';

CREATE TABLE record_event (
    person_id       bigint NOT NULL REFERENCES person (person_id),
    record_id       bigint NOT NULL,
    event_no        integer NOT NULL CHECK (event_no >= 1),
    kind            text NOT NULL CHECK (kind IN ('confirmed', 'disputed', 'dispute_ended', 'corrected', 'withdrawn', 'repaired', 'ended', 'purged')),
    effective_day   integer NOT NULL,
    known_at        bigint NOT NULL,
    reason_salt     bytea CHECK (octet_length(reason_salt) = 16),
    reason          bytea CHECK ((reason IS NULL) = (reason_salt IS NULL)),
    entry_hash      bytea CHECK (octet_length(entry_hash) = 32),
    PRIMARY KEY (person_id, record_id, event_no),
    FOREIGN KEY (person_id, record_id) REFERENCES record (person_id, record_id)
);
COMMENT ON TABLE record_event IS 'Later events of a record''s life; its receipt is the chunk.';
COMMENT ON COLUMN record_event.person_id IS 'whose record';
COMMENT ON COLUMN record_event.record_id IS 'record';
COMMENT ON COLUMN record_event.event_no IS '1, 2, … within the record: two writers who saw the same state collide here';
COMMENT ON COLUMN record_event.kind IS 'what happened';
COMMENT ON COLUMN record_event.effective_day IS 'from which day it is true';
COMMENT ON COLUMN record_event.known_at IS 'when it became known';
COMMENT ON COLUMN record_event.reason_salt IS 'sealed reason: salt';
COMMENT ON COLUMN record_event.reason IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN record_event.entry_hash IS 'hash of its own log entry; NULL if the chunk''s entry stands for it';

CREATE TABLE notice_ack (
    person_id       bigint NOT NULL REFERENCES person (person_id),
    seen_until      bigint NOT NULL,
    acknowledged_at bigint NOT NULL,
    PRIMARY KEY (person_id, seen_until)
);
COMMENT ON TABLE notice_ack IS 'Until when a person has acknowledged notices.';
COMMENT ON COLUMN notice_ack.person_id IS 'person';
COMMENT ON COLUMN notice_ack.seen_until IS 'all notices up to this moment are acknowledged';
COMMENT ON COLUMN notice_ack.acknowledged_at IS 'when acknowledged';

CREATE TABLE staged_row (
    staged_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    delivery_id     bigint NOT NULL REFERENCES delivery (delivery_id),
    line            integer NOT NULL CHECK (line >= 1),
    kind            text NOT NULL CHECK (kind IN ('held', 'pending')),
    reason          text NOT NULL CHECK (length(reason) BETWEEN 1 AND 60),
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    content_salt    bytea CHECK (octet_length(content_salt) = 16),
    content         bytea CHECK ((content IS NULL) = (content_salt IS NULL))
);
-- A line waits once; staged anew, it is resolved first.
CREATE UNIQUE INDEX staged_row_line ON staged_row (delivery_id, line) WHERE content IS NOT NULL;
CREATE INDEX staged_row_delivery ON staged_row (delivery_id, line, staged_id);
CREATE INDEX staged_row_open ON staged_row (kind, uuid) WHERE content IS NOT NULL;
CREATE INDEX staged_row_held ON staged_row (tag) WHERE kind = 'held' AND content IS NOT NULL;
COMMENT ON TABLE staged_row IS 'Rows kept under the delivery''s key until their question is resolved; erased then.';
COMMENT ON COLUMN staged_row.staged_id IS 'order of arrival';
COMMENT ON COLUMN staged_row.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN staged_row.delivery_id IS 'delivery it came with';
COMMENT ON COLUMN staged_row.line IS 'line in the file, header counted';
COMMENT ON COLUMN staged_row.kind IS 'why: held (R7), or pending (待核)';
COMMENT ON COLUMN staged_row.reason IS 'machine word of the reason, or the id of the rule';
COMMENT ON COLUMN staged_row.tag IS 'B1 tag of the number';
COMMENT ON COLUMN staged_row.index_no IS '1 = B1, 2 = B2';
COMMENT ON COLUMN staged_row.key_version IS 'version of the index key';
COMMENT ON COLUMN staged_row.content_salt IS 'sealed clean row: salt';
COMMENT ON COLUMN staged_row.content IS 'the ciphertext that belongs to that salt; NULL = resolved';

CREATE TABLE staged_resolution (
    staged_id       bigint PRIMARY KEY REFERENCES staged_row (staged_id),
    chunk_id        bigint NOT NULL REFERENCES chunk (chunk_id)
);
COMMENT ON TABLE staged_resolution IS 'Which transaction resolved a staged row; one only.';
COMMENT ON COLUMN staged_resolution.staged_id IS 'staged row';
COMMENT ON COLUMN staged_resolution.chunk_id IS 'transaction that resolved it';

CREATE TABLE procedure (
    procedure_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    kind            text NOT NULL CHECK (kind IN ('review')),
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    staged_row      uuid REFERENCES staged_row (uuid),
    person_id       bigint REFERENCES person (person_id),
    reason          text NOT NULL CHECK (length(reason) BETWEEN 1 AND 60),
    details_salt    bytea CHECK (octet_length(details_salt) = 16),
    details         bytea CHECK ((details IS NULL) = (details_salt IS NULL)),
    opened_at       bigint NOT NULL,
    due_at          bigint
);
COMMENT ON TABLE procedure IS 'Procedures (objection, repair, proceeding, review …). Their state is that of the last step, `open` before the first.';
COMMENT ON COLUMN procedure.procedure_id IS 'order of opening';
COMMENT ON COLUMN procedure.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN procedure.kind IS 'kind';
COMMENT ON COLUMN procedure.organisation IS 'organisation that handles it';
COMMENT ON COLUMN procedure.staged_row IS 'staged row it is about';
COMMENT ON COLUMN procedure.person_id IS 'person it is about, once known';
COMMENT ON COLUMN procedure.reason IS 'reason word in clear, for lists';
COMMENT ON COLUMN procedure.details_salt IS 'sealed details: salt';
COMMENT ON COLUMN procedure.details IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN procedure.opened_at IS 'when opened';
COMMENT ON COLUMN procedure.due_at IS 'last moment to answer';

CREATE TABLE procedure_step (
    procedure_id    bigint NOT NULL REFERENCES procedure (procedure_id),
    step_no         integer NOT NULL CHECK (step_no >= 1),
    state           text NOT NULL CHECK (length(state) BETWEEN 1 AND 40),
    by_account      uuid NOT NULL,
    reason_salt     bytea CHECK (octet_length(reason_salt) = 16),
    reason          bytea CHECK ((reason IS NULL) = (reason_salt IS NULL)),
    taken_at        bigint NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    PRIMARY KEY (procedure_id, step_no)
);
COMMENT ON TABLE procedure_step IS 'Steps of procedures.';
COMMENT ON COLUMN procedure_step.procedure_id IS 'procedure';
COMMENT ON COLUMN procedure_step.step_no IS '1, 2, … within the procedure: two humans who saw the same state collide here';
COMMENT ON COLUMN procedure_step.state IS 'state word it leads to';
COMMENT ON COLUMN procedure_step.by_account IS 'account of the human who took it';
COMMENT ON COLUMN procedure_step.reason_salt IS 'sealed reasons: salt';
COMMENT ON COLUMN procedure_step.reason IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN procedure_step.taken_at IS 'when';
COMMENT ON COLUMN procedure_step.entry_hash IS 'hash of its log entry';

CREATE TABLE procedure_open (
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    procedure_id    bigint NOT NULL UNIQUE REFERENCES procedure (procedure_id),
    PRIMARY KEY (organisation, procedure_id)
);
COMMENT ON TABLE procedure_open IS 'Queue: procedures whose state is `open`, so that the list stays short whatever was closed.';
COMMENT ON COLUMN procedure_open.organisation IS 'organisation that handles it';
COMMENT ON COLUMN procedure_open.procedure_id IS 'procedure';

CREATE TABLE trace (
    trace_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    kind            text NOT NULL CHECK (kind IN ('own_read', 'look_up')),
    tag             bytea NOT NULL CHECK (octet_length(tag) = 16),
    index_no        smallint NOT NULL CHECK (index_no IN (1, 2)),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    content_salt    bytea CHECK (octet_length(content_salt) = 16),
    content         bytea CHECK ((content IS NULL) = (content_salt IS NULL)),
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    traced_at       bigint NOT NULL
);
CREATE INDEX trace_subject ON trace (tag);
COMMENT ON TABLE trace IS 'Traces of looks, durable before anything is probed (R11).';
COMMENT ON COLUMN trace.trace_id IS 'order of arrival';
COMMENT ON COLUMN trace.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN trace.kind IS 'who looked: the person, or another';
COMMENT ON COLUMN trace.tag IS 'B1 tag of the number asked for, known or not';
COMMENT ON COLUMN trace.index_no IS '1 = B1, 2 = B2';
COMMENT ON COLUMN trace.key_version IS 'version of the index key';
COMMENT ON COLUMN trace.content_salt IS 'sealed who, why, what: salt';
COMMENT ON COLUMN trace.content IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN trace.entry_hash IS 'hash of its log entry';
COMMENT ON COLUMN trace.traced_at IS 'when';

CREATE TABLE trace_outcome (
    uuid            uuid PRIMARY KEY REFERENCES trace (uuid),
    outcome         text NOT NULL CHECK (outcome IN ('disclosed', 'nothing', 'refused')),
    ended_at        bigint NOT NULL
);
COMMENT ON TABLE trace_outcome IS 'How traced looks ended. A trace without a row here reads "unknown, treated as disclosed".';
COMMENT ON COLUMN trace_outcome.uuid IS 'trace';
COMMENT ON COLUMN trace_outcome.outcome IS 'outcome; the first one stands';
COMMENT ON COLUMN trace_outcome.ended_at IS 'when';

CREATE TABLE outbox (
    outbox_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('trace', 'chunk', 'receipt', 'record_event', 'person_event', 'procedure_step')),
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32)
);
COMMENT ON TABLE outbox IS 'Queue: effects that have no place in the log yet. Written in the effect''s own transaction, deleted when sequenced.';
COMMENT ON COLUMN outbox.outbox_id IS 'order of arrival';
COMMENT ON COLUMN outbox.kind IS 'what it stands for';
COMMENT ON COLUMN outbox.entry_hash IS 'hash of the entry';

CREATE TABLE log_entry (
    log_index       bigint PRIMARY KEY CHECK (log_index >= 0),
    kind            text NOT NULL CHECK (kind IN ('trace', 'chunk', 'receipt', 'record_event', 'person_event', 'procedure_step')),
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    sequenced_at    bigint NOT NULL
);
COMMENT ON TABLE log_entry IS 'The sequenced log.';
COMMENT ON COLUMN log_entry.log_index IS 'dense index from 0';
COMMENT ON COLUMN log_entry.kind IS 'what it stands for';
COMMENT ON COLUMN log_entry.entry_hash IS 'hash of the entry';
COMMENT ON COLUMN log_entry.sequenced_at IS 'when sequenced';

CREATE TABLE lease (
    name            text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 40),
    token           bigint NOT NULL CHECK (token >= 1),
    holder          uuid NOT NULL,
    held_until      bigint NOT NULL
);
COMMENT ON TABLE lease IS 'Queue: leases with fencing tokens.';
COMMENT ON COLUMN lease.name IS 'name of what is leased';
COMMENT ON COLUMN lease.token IS 'fencing token: grows with each new holder';
COMMENT ON COLUMN lease.holder IS 'process that holds it';
COMMENT ON COLUMN lease.held_until IS 'until when';

CREATE TABLE account (
    account_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    kind            text NOT NULL CHECK (kind IN ('resident', 'officer', 'centre')),
    login           text NOT NULL UNIQUE CHECK (length(login) BETWEEN 1 AND 100),
    password_hash   text NOT NULL CHECK (length(password_hash) > 0),
    totp_salt       bytea CHECK (octet_length(totp_salt) = 16),
    totp            bytea CHECK ((totp IS NULL) = (totp_salt IS NULL)),
    organisation    text CHECK (length(organisation) = 18),
    identity_salt   bytea CHECK (octet_length(identity_salt) = 16),
    identity        bytea CHECK ((identity IS NULL) = (identity_salt IS NULL)),
    key             bytea CHECK (octet_length(key) > 0),
    created_at      bigint NOT NULL
);
COMMENT ON TABLE account IS 'Accounts.';
COMMENT ON COLUMN account.account_id IS 'order of creation';
COMMENT ON COLUMN account.uuid IS 'public id, UUIDv7; AAD row of the sealed columns';
COMMENT ON COLUMN account.kind IS 'kind';
COMMENT ON COLUMN account.login IS 'login name; never an identity number';
COMMENT ON COLUMN account.password_hash IS 'argon2id hash, PHC string';
COMMENT ON COLUMN account.totp_salt IS 'sealed secret of the one-time codes: salt';
COMMENT ON COLUMN account.totp IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN account.organisation IS 'organisation of an officer';
COMMENT ON COLUMN account.identity_salt IS 'sealed verified identity of a resident: salt';
COMMENT ON COLUMN account.identity IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN account.key IS 'account''s key, wrapped; NULL once destroyed';
COMMENT ON COLUMN account.created_at IS 'when created';

CREATE TABLE session (
    token_hash      bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    account         uuid NOT NULL REFERENCES account (uuid),
    is_verified     boolean NOT NULL,
    csrf            bytea NOT NULL CHECK (octet_length(csrf) = 32),
    created_at      bigint NOT NULL,
    used_at         bigint NOT NULL,
    expires_at      bigint NOT NULL
);
CREATE INDEX session_expiry ON session (expires_at);
COMMENT ON TABLE session IS 'Queue: sessions. Only the hash of the token is kept.';
COMMENT ON COLUMN session.token_hash IS 'SHA-256 of the token';
COMMENT ON COLUMN session.account IS 'account';
COMMENT ON COLUMN session.is_verified IS '1 once the second factor was given';
COMMENT ON COLUMN session.csrf IS 'CSRF secret';
COMMENT ON COLUMN session.created_at IS 'when begun';
COMMENT ON COLUMN session.used_at IS 'last use';
COMMENT ON COLUMN session.expires_at IS 'end at the latest';

CREATE TABLE attempt (
    attempt_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key             bytea NOT NULL CHECK (octet_length(key) = 32),
    tried_at        bigint NOT NULL
);
CREATE INDEX attempt_key ON attempt (key, tried_at);
COMMENT ON TABLE attempt IS 'Queue: attempts to log in, for limits.';
COMMENT ON COLUMN attempt.attempt_id IS 'order';
COMMENT ON COLUMN attempt.key IS 'hash of login name or address';
COMMENT ON COLUMN attempt.tried_at IS 'when';

CREATE TABLE totp_step (
    account         uuid NOT NULL REFERENCES account (uuid),
    step            bigint NOT NULL,
    PRIMARY KEY (account, step)
);
COMMENT ON TABLE totp_step IS 'Steps of one-time codes that were used (RFC 6238 §5.2: once only).';
COMMENT ON COLUMN totp_step.account IS 'account';
COMMENT ON COLUMN totp_step.step IS 'number of the time step';
