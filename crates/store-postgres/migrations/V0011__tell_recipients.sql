-- Events for those who were shown a record: what is owed, what was made, where it goes, whether it was taken (ADR 0019).
-- Numbers of records come from rows of this store, which are never deleted: no foreign key looks at them again.

CREATE TABLE disclosure (
    record_id       bigint NOT NULL,
    look_up         uuid NOT NULL REFERENCES look_up (uuid),
    end_day         integer,
    is_fresh        smallint NOT NULL CHECK (is_fresh IN (0, 1)),
    PRIMARY KEY (record_id, look_up)
);
CREATE INDEX disclosure_look_up ON disclosure (look_up);
CREATE INDEX disclosure_end ON disclosure (end_day) WHERE end_day IS NOT NULL;
CREATE INDEX disclosure_fresh ON disclosure (is_fresh) WHERE is_fresh = 1;
COMMENT ON TABLE disclosure IS 'Queue: which records look-ups showed, written with the answer. A row goes with the content of the answer that it repeats.';
COMMENT ON COLUMN disclosure.record_id IS 'record that was shown';
COMMENT ON COLUMN disclosure.look_up IS 'look-up that showed it';
COMMENT ON COLUMN disclosure.end_day IS 'last day of the record; NULL once its passing was looked at';
COMMENT ON COLUMN disclosure.is_fresh IS '1 until it was looked at whether the record fell meanwhile';

CREATE TABLE fallen_record (
    fallen_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_id       bigint NOT NULL
);
COMMENT ON TABLE fallen_record IS 'Queue: records that fell, written with the event of their life, until it was looked at who was shown them.';
COMMENT ON COLUMN fallen_record.fallen_id IS 'order';
COMMENT ON COLUMN fallen_record.record_id IS 'record';

CREATE TABLE event_progress (
    progress_id     integer PRIMARY KEY CHECK (progress_id = 1),
    look_up_id      bigint NOT NULL
);
COMMENT ON TABLE event_progress IS 'Queue of one row: up to which look-up it was looked whether an answer is missing.';
COMMENT ON COLUMN event_progress.progress_id IS 'always 1';
COMMENT ON COLUMN event_progress.look_up_id IS 'look-up';

CREATE TABLE event (
    event_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    kind            text NOT NULL CHECK (kind IN ('corrected', 'withdrawn', 'repaired', 'ended', 'unconfirmed')),
    look_up         uuid NOT NULL REFERENCES look_up (uuid),
    record_id       bigint CHECK ((record_id IS NULL) = (kind = 'unconfirmed')),
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    client          uuid,
    lane            bytea NOT NULL CHECK (octet_length(lane) = 16),
    happened_at     bigint NOT NULL,
    made_at         bigint NOT NULL
);
CREATE INDEX event_recipient ON event (organisation, client, event_id);
CREATE INDEX event_record ON event (record_id);
COMMENT ON TABLE event IS 'What recipients are told. No personal data: an id of the recipient''s own look-up, and the handle that its answer gave.';
COMMENT ON COLUMN event.event_id IS 'order of making: the order in which a recipient reads them';
COMMENT ON COLUMN event.uuid IS 'public id, by look-up, record and kind: the same thing told twice has one';
COMMENT ON COLUMN event.kind IS 'what happened';
COMMENT ON COLUMN event.look_up IS 'look-up that showed the record';
COMMENT ON COLUMN event.record_id IS 'record; none where no answer is known';
COMMENT ON COLUMN event.organisation IS 'organisation that asked';
COMMENT ON COLUMN event.client IS 'its system, if one asked';
COMMENT ON COLUMN event.lane IS 'events of one lane, that is of one person, are sent in their order';
COMMENT ON COLUMN event.happened_at IS 'when it happened';
COMMENT ON COLUMN event.made_at IS 'when the event was made';

CREATE TRIGGER event_keeps_rows BEFORE DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_keeps_columns BEFORE UPDATE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE event_told (
    event_id        bigint PRIMARY KEY REFERENCES event (event_id),
    told_at         bigint NOT NULL
);
COMMENT ON TABLE event_told IS 'Events that an endpoint took.';
COMMENT ON COLUMN event_told.event_id IS 'event';
COMMENT ON COLUMN event_told.told_at IS 'when it was taken first';

CREATE TRIGGER event_told_keeps_rows BEFORE DELETE OR TRUNCATE ON event_told
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_told_keeps_columns BEFORE UPDATE ON event_told
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE event_ack (
    ack_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organisation    text NOT NULL CHECK (length(organisation) = 18),
    client          uuid,
    up_to           bigint NOT NULL REFERENCES event (event_id),
    acked_at        bigint NOT NULL
);
CREATE INDEX event_ack_recipient ON event_ack (organisation, client, up_to);
COMMENT ON TABLE event_ack IS 'How far recipients have read by themselves.';
COMMENT ON COLUMN event_ack.ack_id IS 'order';
COMMENT ON COLUMN event_ack.organisation IS 'organisation';
COMMENT ON COLUMN event_ack.client IS 'its system; NULL = its officers';
COMMENT ON COLUMN event_ack.up_to IS 'up to this event';
COMMENT ON COLUMN event_ack.acked_at IS 'when';

CREATE TRIGGER event_ack_keeps_rows BEFORE DELETE OR TRUNCATE ON event_ack
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_ack_keeps_columns BEFORE UPDATE ON event_ack
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE event_delivery (
    event_id        bigint PRIMARY KEY REFERENCES event (event_id),
    client          uuid NOT NULL REFERENCES client (uuid),
    lane            bytea NOT NULL CHECK (octet_length(lane) = 16),
    attempts        integer NOT NULL CHECK (attempts >= 0),
    next_at         bigint NOT NULL,
    is_dead         smallint NOT NULL CHECK (is_dead IN (0, 1))
);
CREATE INDEX event_delivery_due ON event_delivery (next_at) WHERE is_dead = 0;
CREATE INDEX event_delivery_lane ON event_delivery (client, lane, event_id) WHERE is_dead = 0;
COMMENT ON TABLE event_delivery IS 'Queue: events on their way to endpoints.';
COMMENT ON COLUMN event_delivery.event_id IS 'event';
COMMENT ON COLUMN event_delivery.client IS 'system whose endpoint it goes to';
COMMENT ON COLUMN event_delivery.lane IS 'lane of the event';
COMMENT ON COLUMN event_delivery.attempts IS 'how often it was tried';
COMMENT ON COLUMN event_delivery.next_at IS 'when it is tried next';
COMMENT ON COLUMN event_delivery.is_dead IS '1 if it was given up';

CREATE TABLE client_endpoint (
    endpoint_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client          uuid NOT NULL REFERENCES client (uuid),
    url             text CHECK (length(url) BETWEEN 1 AND 500),
    set_at          bigint NOT NULL,
    act             uuid NOT NULL REFERENCES administrator_act (uuid)
);
CREATE INDEX client_endpoint_client ON client_endpoint (client, endpoint_id);
COMMENT ON TABLE client_endpoint IS 'Where the events of systems go; the latest row of a system holds.';
COMMENT ON COLUMN client_endpoint.endpoint_id IS 'order';
COMMENT ON COLUMN client_endpoint.client IS 'whose';
COMMENT ON COLUMN client_endpoint.url IS 'address; NULL = nowhere any more';
COMMENT ON COLUMN client_endpoint.set_at IS 'since when';
COMMENT ON COLUMN client_endpoint.act IS 'the act that set it';

CREATE TRIGGER client_endpoint_keeps_rows BEFORE DELETE OR TRUNCATE ON client_endpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER client_endpoint_keeps_columns BEFORE UPDATE ON client_endpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
