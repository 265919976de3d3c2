-- The heap of records without what every insert paid for: the look at its person (as in the store on PostgreSQL: numbers
-- of persons come from this store, persons are never deleted, `verify` reads them), and a CHECK with a list, for which
-- SQLite builds a table each time. `migrate` has put foreign keys off: record_event refers to the table by name.
CREATE TABLE heap (
    -- chunk_id * 2^20 + ordinal in the chunk
    record_id       INTEGER PRIMARY KEY,
    -- whose
    person_id       INTEGER NOT NULL,
    -- item
    item            TEXT NOT NULL CHECK (item GLOB 'ITM-?*'),
    -- organisation that delivered it
    provider        TEXT NOT NULL CHECK (length(provider) = 18),
    -- state at birth
    state           TEXT NOT NULL CHECK (state = 'usable' OR state = 'held'),
    -- class of an adverse record (decree 36)
    class           TEXT CHECK (class = 'minor' OR class = 'general' OR class = 'serious'),
    -- last day on which anybody but the person may read it
    end_day         INTEGER NOT NULL,
    -- keyed tag of the fact (item, 文号, organ)
    fact_tag        INTEGER NOT NULL,
    -- 0 for the first delivery of the fact, then 1, 2, … for each correction
    revision        INTEGER NOT NULL CHECK (revision >= 0),
    -- keyed tag of the content: the same again is a repetition
    content_tag     BLOB NOT NULL CHECK (length(content_tag) = 16),
    -- sealed content: salt …
    content_salt    BLOB CHECK (length(content_salt) = 16),
    -- … and ciphertext
    content         BLOB CHECK ((content IS NULL) = (content_salt IS NULL))
) STRICT;
INSERT INTO heap SELECT * FROM record ORDER BY record_id;
DROP TABLE record;
ALTER TABLE heap RENAME TO record;

CREATE TRIGGER record_keeps_rows BEFORE DELETE ON record
BEGIN
    SELECT RAISE(ABORT, 'append-only: record');
END;

CREATE TRIGGER record_keeps_columns BEFORE UPDATE ON record
WHEN NOT (
    NEW.record_id IS OLD.record_id
    AND NEW.person_id IS OLD.person_id
    AND NEW.item IS OLD.item
    AND NEW.provider IS OLD.provider
    AND NEW.state IS OLD.state
    AND NEW.class IS OLD.class
    AND NEW.end_day IS OLD.end_day
    AND NEW.fact_tag IS OLD.fact_tag
    AND NEW.revision IS OLD.revision
    AND NEW.content_tag IS OLD.content_tag
    AND (NEW.content_salt IS NULL OR NEW.content_salt IS OLD.content_salt)
    AND (NEW.content IS NULL OR NEW.content IS OLD.content)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: record');
END;
