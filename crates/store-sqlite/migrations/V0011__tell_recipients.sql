-- Events for those who were shown a record: what is owed, what was made, where it goes, whether it was taken (ADR 0019).
-- Numbers of records come from rows of this store, which are never deleted: no foreign key looks at them again.

-- Queue: which records look-ups showed, written with the answer. A row goes with the content of the answer that it repeats.
CREATE TABLE disclosure (
    -- record that was shown
    record_id       INTEGER NOT NULL,
    -- look-up that showed it
    look_up         BLOB NOT NULL REFERENCES look_up (uuid),
    -- last day of the record; NULL once its passing was looked at
    end_day         INTEGER,
    -- 1 until it was looked at whether the record fell meanwhile
    is_fresh        INTEGER NOT NULL CHECK (is_fresh IN (0, 1)),
    PRIMARY KEY (record_id, look_up)
) STRICT, WITHOUT ROWID;
CREATE INDEX disclosure_look_up ON disclosure (look_up);
CREATE INDEX disclosure_end ON disclosure (end_day) WHERE end_day IS NOT NULL;
CREATE INDEX disclosure_fresh ON disclosure (is_fresh) WHERE is_fresh = 1;

-- Queue: records that fell, written with the event of their life, until it was looked at who was shown them.
CREATE TABLE fallen_record (
    -- order
    fallen_id       INTEGER PRIMARY KEY,
    -- record
    record_id       INTEGER NOT NULL
) STRICT;

-- Queue of one row: up to which look-up it was looked whether an answer is missing.
CREATE TABLE event_progress (
    -- always 1
    progress_id     INTEGER PRIMARY KEY CHECK (progress_id = 1),
    -- look-up
    look_up_id      INTEGER NOT NULL
) STRICT;

-- What recipients are told. No personal data: an id of the recipient's own look-up, and the handle that its answer gave.
CREATE TABLE event (
    -- order of making: the order in which a recipient reads them
    event_id        INTEGER PRIMARY KEY,
    -- public id, by look-up, record and kind: the same thing told twice has one
    uuid            BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    -- what happened
    kind            TEXT NOT NULL CHECK (kind IN ('corrected', 'withdrawn', 'repaired', 'ended', 'unconfirmed')),
    -- look-up that showed the record
    look_up         BLOB NOT NULL REFERENCES look_up (uuid),
    -- record; none where no answer is known
    record_id       INTEGER CHECK ((record_id IS NULL) = (kind = 'unconfirmed')),
    -- organisation that asked
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- its system, if one asked
    client          BLOB CHECK (length(client) = 16),
    -- events of one lane, that is of one person, are sent in their order
    lane            BLOB NOT NULL CHECK (length(lane) = 16),
    -- when it happened
    happened_at     INTEGER NOT NULL,
    -- when the event was made
    made_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX event_recipient ON event (organisation, client, event_id);
CREATE INDEX event_record ON event (record_id);

CREATE TRIGGER event_keeps_rows BEFORE DELETE ON event
BEGIN
    SELECT RAISE(ABORT, 'append-only: event');
END;

CREATE TRIGGER event_keeps_columns BEFORE UPDATE ON event
BEGIN
    SELECT RAISE(ABORT, 'append-only: event');
END;

-- Events that an endpoint took.
CREATE TABLE event_told (
    -- event
    event_id        INTEGER PRIMARY KEY REFERENCES event (event_id),
    -- when it was taken first
    told_at         INTEGER NOT NULL
) STRICT;

CREATE TRIGGER event_told_keeps_rows BEFORE DELETE ON event_told
BEGIN
    SELECT RAISE(ABORT, 'append-only: event_told');
END;

CREATE TRIGGER event_told_keeps_columns BEFORE UPDATE ON event_told
BEGIN
    SELECT RAISE(ABORT, 'append-only: event_told');
END;

-- How far recipients have read by themselves.
CREATE TABLE event_ack (
    -- order
    ack_id          INTEGER PRIMARY KEY,
    -- organisation
    organisation    TEXT NOT NULL CHECK (length(organisation) = 18),
    -- its system; NULL = its officers
    client          BLOB CHECK (length(client) = 16),
    -- up to this event
    up_to           INTEGER NOT NULL REFERENCES event (event_id),
    -- when
    acked_at        INTEGER NOT NULL
) STRICT;
CREATE INDEX event_ack_recipient ON event_ack (organisation, client, up_to);

CREATE TRIGGER event_ack_keeps_rows BEFORE DELETE ON event_ack
BEGIN
    SELECT RAISE(ABORT, 'append-only: event_ack');
END;

CREATE TRIGGER event_ack_keeps_columns BEFORE UPDATE ON event_ack
BEGIN
    SELECT RAISE(ABORT, 'append-only: event_ack');
END;

-- Queue: events on their way to endpoints.
CREATE TABLE event_delivery (
    -- event
    event_id        INTEGER PRIMARY KEY REFERENCES event (event_id),
    -- system whose endpoint it goes to
    client          BLOB NOT NULL REFERENCES client (uuid),
    -- lane of the event
    lane            BLOB NOT NULL CHECK (length(lane) = 16),
    -- how often it was tried
    attempts        INTEGER NOT NULL CHECK (attempts >= 0),
    -- when it is tried next
    next_at         INTEGER NOT NULL,
    -- 1 if it was given up
    is_dead         INTEGER NOT NULL CHECK (is_dead IN (0, 1))
) STRICT;
CREATE INDEX event_delivery_due ON event_delivery (next_at) WHERE is_dead = 0;
CREATE INDEX event_delivery_lane ON event_delivery (client, lane, event_id) WHERE is_dead = 0;

-- Where the events of systems go; the latest row of a system holds.
CREATE TABLE client_endpoint (
    -- order
    endpoint_id     INTEGER PRIMARY KEY,
    -- whose
    client          BLOB NOT NULL REFERENCES client (uuid),
    -- address; NULL = nowhere any more
    url             TEXT CHECK (length(url) BETWEEN 1 AND 500),
    -- since when
    set_at          INTEGER NOT NULL,
    -- the act that set it
    act             BLOB NOT NULL REFERENCES administrator_act (uuid)
) STRICT;
CREATE INDEX client_endpoint_client ON client_endpoint (client, endpoint_id);

CREATE TRIGGER client_endpoint_keeps_rows BEFORE DELETE ON client_endpoint
BEGIN
    SELECT RAISE(ABORT, 'append-only: client_endpoint');
END;

CREATE TRIGGER client_endpoint_keeps_columns BEFORE UPDATE ON client_endpoint
BEGIN
    SELECT RAISE(ABORT, 'append-only: client_endpoint');
END;
