-- Rotation of keys (docs/adr/0018): what hangs on a number beside traces and waiting rows moves, too, to the tag of a later
-- version of the index key: locks, declared relations, numbers never issued, emergencies and their notices.

DROP TRIGGER file_lock_keeps_columns;
CREATE TRIGGER file_lock_keeps_columns BEFORE UPDATE ON file_lock
WHEN NOT (
    NEW.lock_id IS OLD.lock_id
    AND ((NEW.tag IS OLD.tag AND NEW.key_version IS OLD.key_version) OR (NEW.tag IS NOT OLD.tag AND NEW.key_version > OLD.key_version))
    AND NEW.index_no IS OLD.index_no
    AND NEW.is_locked IS OLD.is_locked
    AND NEW.by_account IS OLD.by_account
    AND NEW.entry_hash IS OLD.entry_hash
    AND NEW.set_at IS OLD.set_at
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: file_lock');
END;

DROP TRIGGER break_glass_keeps_columns;
CREATE TRIGGER break_glass_keeps_columns BEFORE UPDATE ON break_glass
WHEN NOT (
    NEW.procedure IS OLD.procedure
    AND NEW.purpose IS OLD.purpose
    AND ((NEW.tag IS OLD.tag AND NEW.key_version IS OLD.key_version) OR (NEW.tag IS NOT OLD.tag AND NEW.key_version > OLD.key_version))
    AND NEW.index_no IS OLD.index_no
    AND NEW.by_account IS OLD.by_account
    AND NEW.minutes IS OLD.minutes
    AND NEW.entry_hash IS OLD.entry_hash
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: break_glass');
END;

DROP TRIGGER subject_notice_keeps_columns;
CREATE TRIGGER subject_notice_keeps_columns BEFORE UPDATE ON subject_notice
WHEN NOT (
    NEW.notice_id IS OLD.notice_id
    AND NEW.procedure IS OLD.procedure
    AND ((NEW.tag IS OLD.tag AND NEW.key_version IS OLD.key_version) OR (NEW.tag IS NOT OLD.tag AND NEW.key_version > OLD.key_version))
    AND NEW.index_no IS OLD.index_no
    AND NEW.noticed_at IS OLD.noticed_at
    AND NEW.ends_at IS OLD.ends_at
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: subject_notice');
END;

-- A relation or a number that was entered under both tags stands once afterwards: below the floor a row may go.
DROP TRIGGER declared_relation_keeps_rows;
CREATE TRIGGER declared_relation_keeps_rows BEFORE DELETE ON declared_relation
WHEN OLD.key_version >= (SELECT version FROM key_floor WHERE key = 'index')
BEGIN
    SELECT RAISE(ABORT, 'append-only: declared_relation');
END;

DROP TRIGGER honey_number_keeps_rows;
CREATE TRIGGER honey_number_keeps_rows BEFORE DELETE ON honey_number
WHEN OLD.key_version >= (SELECT version FROM key_floor WHERE key = 'index')
BEGIN
    SELECT RAISE(ABORT, 'append-only: honey_number');
END;

CREATE INDEX declared_relation_tag ON declared_relation (tag);
CREATE INDEX break_glass_tag ON break_glass (tag);
