-- Comparisons of batches under registered programmes (docs/adr/0021): programmes, blocks with their rows in pages, answers; and in which
-- order records changed, so that the comparison index in memory is brought up to date before each block.

CREATE TABLE programme (
    programme_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    purpose         text NOT NULL CHECK (purpose LIKE 'PUR-_%'),
    statute         text NOT NULL CHECK (length(statute) BETWEEN 4 AND 200),
    aim             text NOT NULL CHECK (length(aim) BETWEEN 4 AND 200),
    items           text NOT NULL CHECK (items LIKE 'ITM-_%'),
    rows_a_day      integer NOT NULL CHECK (rows_a_day >= 1),
    last_day        integer NOT NULL,
    by_account      uuid NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    proposed_at     bigint NOT NULL
);
COMMENT ON TABLE programme IS 'Comparison programmes: under which statute an organisation may compare batches, over what, until when, and how many rows a day.';
COMMENT ON COLUMN programme.programme_id IS 'order of registration';
COMMENT ON COLUMN programme.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN programme.organisation IS 'organisation that runs it';
COMMENT ON COLUMN programme.purpose IS 'purpose of the catalogue';
COMMENT ON COLUMN programme.statute IS 'document and article, as the catalogue had them at registration';
COMMENT ON COLUMN programme.aim IS 'what it is for, in the words of the proposer';
COMMENT ON COLUMN programme.items IS 'items it may compare, by comma';
COMMENT ON COLUMN programme.rows_a_day IS 'rows that may be compared in a day';
COMMENT ON COLUMN programme.last_day IS 'last day on which it runs';
COMMENT ON COLUMN programme.by_account IS 'account of the officer who proposed it';
COMMENT ON COLUMN programme.entry_hash IS 'hash of its log entry';
COMMENT ON COLUMN programme.proposed_at IS 'when';
CREATE INDEX programme_organisation ON programme (organisation);

CREATE TRIGGER programme_keeps_rows BEFORE DELETE OR TRUNCATE ON programme
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER programme_keeps_columns BEFORE UPDATE ON programme
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE programme_step (
    programme_id    bigint NOT NULL REFERENCES programme (programme_id),
    kind            text NOT NULL CHECK (kind IN ('approved_by_department', 'approved_by_centre', 'ended')),
    by_account      uuid NOT NULL,
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    happened_at     bigint NOT NULL,
    PRIMARY KEY (programme_id, kind)
);
COMMENT ON TABLE programme_step IS 'What became of comparison programmes: approved by a second officer and by the credit centre, ended before their last day.';
COMMENT ON COLUMN programme_step.programme_id IS 'programme';
COMMENT ON COLUMN programme_step.kind IS 'what happened; each once';
COMMENT ON COLUMN programme_step.by_account IS 'account of the human who did it';
COMMENT ON COLUMN programme_step.entry_hash IS 'hash of its log entry';
COMMENT ON COLUMN programme_step.happened_at IS 'when';

CREATE TRIGGER programme_step_keeps_rows BEFORE DELETE OR TRUNCATE ON programme_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER programme_step_keeps_columns BEFORE UPDATE ON programme_step
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE comparison (
    comparison_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    programme_id    bigint NOT NULL REFERENCES programme (programme_id),
    by_account      uuid NOT NULL,
    client          uuid,
    request_key     bytea NOT NULL UNIQUE CHECK (octet_length(request_key) = 32),
    request_tag     bytea NOT NULL CHECK (octet_length(request_tag) = 32),
    asked_at        bigint NOT NULL
);
COMMENT ON TABLE comparison IS 'Comparisons: one under each idempotency key, in blocks.';
COMMENT ON COLUMN comparison.comparison_id IS 'order of arrival';
COMMENT ON COLUMN comparison.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN comparison.programme_id IS 'programme';
COMMENT ON COLUMN comparison.by_account IS 'account of the verified officer';
COMMENT ON COLUMN comparison.client IS 'registered client of a department''s system, if one asked';
COMMENT ON COLUMN comparison.request_key IS 'hash of asker and idempotency key';
COMMENT ON COLUMN comparison.request_tag IS 'keyed tag of programme and items: others under the same key are refused';
COMMENT ON COLUMN comparison.asked_at IS 'when';

CREATE TRIGGER comparison_keeps_rows BEFORE DELETE OR TRUNCATE ON comparison
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER comparison_keeps_columns BEFORE UPDATE ON comparison
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE comparison_block (
    block_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    comparison_id   bigint NOT NULL REFERENCES comparison (comparison_id),
    block_no        integer NOT NULL CHECK (block_no >= 0),
    programme_id    bigint NOT NULL REFERENCES programme (programme_id),
    row_count       integer NOT NULL CHECK (row_count BETWEEN 1 AND 65536),
    asked_day       integer NOT NULL,
    request_tag     bytea NOT NULL CHECK (octet_length(request_tag) = 32),
    key_version     integer NOT NULL CHECK (key_version BETWEEN 0 AND 65535),
    header_salt     bytea CHECK (octet_length(header_salt) = 16),
    header          bytea CHECK ((header IS NULL) = (header_salt IS NULL)),
    roots           bytea NOT NULL CHECK (octet_length(roots) BETWEEN 33 AND 8448 AND octet_length(roots) % 33 = 0),
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    asked_at        bigint NOT NULL,
    UNIQUE (comparison_id, block_no)
);
COMMENT ON TABLE comparison_block IS 'Blocks of comparisons: the trace of all their rows, durable before anybody is searched for, and one entry of the log.';
COMMENT ON COLUMN comparison_block.block_id IS 'order of arrival';
COMMENT ON COLUMN comparison_block.uuid IS 'public id, UUIDv7 with 20 low bits of zero: a row''s id is this and its place';
COMMENT ON COLUMN comparison_block.comparison_id IS 'comparison';
COMMENT ON COLUMN comparison_block.block_no IS '0, 1, … within the comparison';
COMMENT ON COLUMN comparison_block.programme_id IS 'programme, for the count of a day';
COMMENT ON COLUMN comparison_block.row_count IS 'rows compared';
COMMENT ON COLUMN comparison_block.asked_day IS 'day on which they count';
COMMENT ON COLUMN comparison_block.request_tag IS 'keyed tag of the lines: others in the same place are refused';
COMMENT ON COLUMN comparison_block.key_version IS 'version of the index key of its tags';
COMMENT ON COLUMN comparison_block.header_salt IS 'sealed header (who, why, items): salt';
COMMENT ON COLUMN comparison_block.header IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN comparison_block.roots IS 'of each page: first byte of its tags, root of the tree over its rows';
COMMENT ON COLUMN comparison_block.entry_hash IS 'root of the tree over the pages'' roots: hash of its log entry';
COMMENT ON COLUMN comparison_block.asked_at IS 'when';
CREATE INDEX comparison_block_day ON comparison_block (programme_id, asked_day);
-- Ciphertext does not get smaller: it is not tried.
ALTER TABLE comparison_block ALTER COLUMN header SET STORAGE EXTERNAL;

CREATE TRIGGER comparison_block_keeps_rows BEFORE DELETE OR TRUNCATE ON comparison_block
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER comparison_block_keeps_columns BEFORE UPDATE ON comparison_block
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('header_salt', 'header');

CREATE TABLE comparison_page (
    shard           smallint NOT NULL CHECK (shard BETWEEN 0 AND 255),
    block_id        bigint NOT NULL REFERENCES comparison_block (block_id),
    tags            bytea NOT NULL CHECK (octet_length(tags) > 0 AND octet_length(tags) % 16 = 0),
    content_salt    bytea CHECK (octet_length(content_salt) = 16),
    content         bytea CHECK ((content IS NULL) = (content_salt IS NULL)),
    PRIMARY KEY (shard, block_id)
);
COMMENT ON TABLE comparison_page IS 'Rows of blocks, in pages by the first byte of the tag, so that a person''s rows are found without an index row for each.';
COMMENT ON COLUMN comparison_page.shard IS 'first byte of its tags';
COMMENT ON COLUMN comparison_page.block_id IS 'block';
COMMENT ON COLUMN comparison_page.tags IS 'B1 tags of the rows, in order';
COMMENT ON COLUMN comparison_page.content_salt IS 'sealed rows (place, matter number, number), in the order of the tags: salt';
COMMENT ON COLUMN comparison_page.content IS 'the ciphertext that belongs to that salt; NULL once erased';
-- Ciphertext does not get smaller: it is not tried.
ALTER TABLE comparison_page ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TRIGGER comparison_page_keeps_rows BEFORE DELETE OR TRUNCATE ON comparison_page
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER comparison_page_keeps_columns BEFORE UPDATE ON comparison_page
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('content_salt', 'content');

CREATE TABLE comparison_answer (
    block_id        bigint PRIMARY KEY REFERENCES comparison_block (block_id),
    flags_salt      bytea CHECK (octet_length(flags_salt) = 16),
    flags           bytea CHECK ((flags IS NULL) = (flags_salt IS NULL)),
    roots           bytea NOT NULL CHECK (octet_length(roots) BETWEEN 32 AND 8192 AND octet_length(roots) % 32 = 0),
    entry_hash      bytea NOT NULL CHECK (octet_length(entry_hash) = 32),
    answered_at     bigint NOT NULL
);
COMMENT ON TABLE comparison_answer IS 'What blocks answered. One without a row here reads "unknown, treated as disclosed".';
COMMENT ON COLUMN comparison_answer.block_id IS 'block';
COMMENT ON COLUMN comparison_answer.flags_salt IS 'sealed flags, four bytes a row in the order of pages and tags: salt';
COMMENT ON COLUMN comparison_answer.flags IS 'the ciphertext that belongs to that salt; NULL once erased';
COMMENT ON COLUMN comparison_answer.roots IS 'root of the tree over the answers of each page';
COMMENT ON COLUMN comparison_answer.entry_hash IS 'root of the tree over these: hash of its log entry';
COMMENT ON COLUMN comparison_answer.answered_at IS 'when';
-- Ciphertext does not get smaller: it is not tried.
ALTER TABLE comparison_answer ALTER COLUMN flags SET STORAGE EXTERNAL;

CREATE TRIGGER comparison_answer_keeps_rows BEFORE DELETE OR TRUNCATE ON comparison_answer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER comparison_answer_keeps_columns BEFORE UPDATE ON comparison_answer
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('flags_salt', 'flags');

CREATE TABLE record_change (
    change_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint NOT NULL,
    record_id       bigint NOT NULL,
    event_no        integer NOT NULL CHECK (event_no >= 1)
);
COMMENT ON TABLE record_change IS 'Order in which events of records were committed, so that a comparison index reads what is new to it.';
COMMENT ON COLUMN record_change.change_id IS 'order';
COMMENT ON COLUMN record_change.person_id IS 'whose record';
COMMENT ON COLUMN record_change.record_id IS 'record';
COMMENT ON COLUMN record_change.event_no IS 'number of the event within the record';

INSERT INTO record_change (person_id, record_id, event_no)
SELECT person_id, record_id, event_no FROM record_event ORDER BY known_at, record_id, event_no;

CREATE TRIGGER record_change_keeps_rows BEFORE DELETE OR TRUNCATE ON record_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_change_keeps_columns BEFORE UPDATE ON record_change
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Tags of persons who were there already, in the order in which they were added; those of a new person follow from its number.
CREATE TABLE tag_change (
    change_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id       bigint NOT NULL
);
COMMENT ON TABLE tag_change IS 'Persons who got a further tag, in order, so that a comparison index reads what is new to it.';
COMMENT ON COLUMN tag_change.change_id IS 'order';
COMMENT ON COLUMN tag_change.person_id IS 'whose tag';
CREATE TRIGGER tag_change_keeps_rows BEFORE DELETE OR TRUNCATE ON tag_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tag_change_keeps_columns BEFORE UPDATE ON tag_change
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Persons are numbered as they come, so their tags lie nearly in that order: an index by ranges of pages costs an intake next to nothing.
CREATE INDEX blind_index_person ON blind_index USING brin (person_id) WITH (pages_per_range = 16, autosummarize = on);
