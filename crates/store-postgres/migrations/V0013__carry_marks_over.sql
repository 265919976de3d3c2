-- Rotation of keys (docs/adr/0018): what hangs on a number beside traces and waiting rows moves, too, to the tag of a later
-- version of the index key: locks, declared relations, numbers never issued, emergencies and their notices.

CREATE FUNCTION allow_retag() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF to_jsonb(NEW) - 'tag' - 'key_version' <> to_jsonb(OLD) - 'tag' - 'key_version'
        OR (NEW.tag = OLD.tag) <> (NEW.key_version = OLD.key_version)
        OR NEW.key_version < OLD.key_version
    THEN
        RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION allow_retag() IS 'Lets the tag move to that of a later version of the index key, and refuses any other change of the row.';

DROP TRIGGER file_lock_keeps_columns ON file_lock;
CREATE TRIGGER file_lock_keeps_columns BEFORE UPDATE ON file_lock
    FOR EACH ROW EXECUTE FUNCTION allow_retag();

DROP TRIGGER break_glass_keeps_columns ON break_glass;
CREATE TRIGGER break_glass_keeps_columns BEFORE UPDATE ON break_glass
    FOR EACH ROW EXECUTE FUNCTION allow_retag();

DROP TRIGGER subject_notice_keeps_columns ON subject_notice;
CREATE TRIGGER subject_notice_keeps_columns BEFORE UPDATE ON subject_notice
    FOR EACH ROW EXECUTE FUNCTION allow_retag();

-- A relation or a number that was entered under both tags stands once afterwards: below the floor a row may go.
DROP TRIGGER declared_relation_keeps_rows ON declared_relation;
CREATE TRIGGER declared_relation_keeps_rows BEFORE TRUNCATE ON declared_relation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER declared_relation_forgets BEFORE DELETE ON declared_relation
    FOR EACH ROW EXECUTE FUNCTION allow_forgetting_below_floor();

DROP TRIGGER honey_number_keeps_rows ON honey_number;
CREATE TRIGGER honey_number_keeps_rows BEFORE TRUNCATE ON honey_number
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER honey_number_forgets BEFORE DELETE ON honey_number
    FOR EACH ROW EXECUTE FUNCTION allow_forgetting_below_floor();

CREATE INDEX declared_relation_tag ON declared_relation (tag);
CREATE INDEX break_glass_tag ON break_glass (tag);
