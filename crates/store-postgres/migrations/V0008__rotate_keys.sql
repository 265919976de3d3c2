-- Rotation of keys (docs/adr/0018). A wrapped secret may get the form that a later version of the wrapping key gives it, a
-- trace and a waiting row may be moved to the tag of a later version of the index key; nothing else of a row changes.

CREATE TABLE key_floor (
    key             text PRIMARY KEY CHECK (key IN ('kek', 'index')),
    version         integer NOT NULL CHECK (version BETWEEN 0 AND 65535)
);
COMMENT ON TABLE key_floor IS 'Below these versions nothing is written any more: their keys are being retired.';
COMMENT ON COLUMN key_floor.key IS 'kek = wraps secrets, index = tags numbers and names';
COMMENT ON COLUMN key_floor.version IS 'oldest version that is written; 0 until one is retired';
INSERT INTO key_floor (key, version) VALUES ('kek', 0), ('index', 0);

CREATE TABLE key_act (
    key_act_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid            uuid NOT NULL UNIQUE,
    document        bytea NOT NULL CHECK (length(document) > 0),
    by_account      uuid NOT NULL,
    happened_at     bigint NOT NULL,
    entry_hash      bytea NOT NULL CHECK (length(entry_hash) = 32)
);
COMMENT ON TABLE key_act IS 'What was done to keys, without secrets and persons.';
COMMENT ON COLUMN key_act.key_act_id IS 'order';
COMMENT ON COLUMN key_act.uuid IS 'public id, UUIDv7';
COMMENT ON COLUMN key_act.document IS 'the act as it is made public: JSON, of which the entry''s hash is made';
COMMENT ON COLUMN key_act.by_account IS 'account of the human or adapter that did it';
COMMENT ON COLUMN key_act.happened_at IS 'when';
COMMENT ON COLUMN key_act.entry_hash IS 'hash of its log entry';

CREATE FUNCTION allow_rise_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.key <> OLD.key OR NEW.version < OLD.version THEN
        RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION allow_rise_only() IS 'Lets a floor rise and refuses any other change of the row.';

CREATE FUNCTION allow_erasure_or_rewrap() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    wrapped text := TG_ARGV[0];
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    old_form bytea := CAST(before ->> wrapped AS bytea);
    new_form bytea := CAST(after ->> wrapped AS bytea);
    erasable text;
BEGIN
    -- Format, version of the wrapping key (two bytes, the higher first), version of the secret (two), the rest.
    IF new_form IS NOT NULL AND new_form IS DISTINCT FROM old_form AND (
        old_form IS NULL
        OR substring(new_form FROM 2 FOR 2) <= substring(old_form FROM 2 FOR 2)
        OR substring(new_form FROM 4 FOR 2) <> substring(old_form FROM 4 FOR 2)
    ) THEN
        RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    before := before - wrapped;
    after := after - wrapped;
    FOR place IN 1 .. TG_NARGS - 1 LOOP
        erasable := TG_ARGV[place];
        IF after -> erasable <> 'null'::jsonb AND after -> erasable <> before -> erasable THEN
            RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END IF;
        before := before - erasable;
        after := after - erasable;
    END LOOP;
    IF before <> after THEN
        RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION allow_erasure_or_rewrap() IS 'Lets the first named column get the form under a later version of the wrapping key, it and the others become NULL, and refuses any other change of the row.';

CREATE FUNCTION allow_erasure_or_retag() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    erasable text;
BEGIN
    IF (NEW.tag <> OLD.tag OR NEW.key_version <> OLD.key_version)
        AND NOT (NEW.tag <> OLD.tag AND NEW.key_version > OLD.key_version)
    THEN
        RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    before := before - 'tag' - 'key_version';
    after := after - 'tag' - 'key_version';
    FOREACH erasable IN ARRAY TG_ARGV LOOP
        IF after -> erasable <> 'null'::jsonb AND after -> erasable <> before -> erasable THEN
            RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END IF;
        before := before - erasable;
        after := after - erasable;
    END LOOP;
    IF before <> after THEN
        RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION allow_erasure_or_retag() IS 'Lets the tag move to that of a later version of the index key, the named columns become NULL, and refuses any other change of the row.';

CREATE FUNCTION allow_forgetting_below_floor() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_catalog AS $$
BEGIN
    IF OLD.key_version >= (SELECT version FROM key_floor WHERE key = 'index') THEN
        RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
COMMENT ON FUNCTION allow_forgetting_below_floor() IS 'Lets tags of a retired version of the index key go, and refuses any other deletion.';

CREATE TRIGGER key_floor_keeps_rows BEFORE DELETE OR TRUNCATE ON key_floor
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_floor_rises BEFORE UPDATE ON key_floor
    FOR EACH ROW EXECUTE FUNCTION allow_rise_only();

CREATE TRIGGER key_act_keeps_rows BEFORE DELETE OR TRUNCATE ON key_act
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER key_act_keeps_columns BEFORE UPDATE ON key_act
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

DROP TRIGGER person_keeps_columns ON person;
CREATE TRIGGER person_keeps_columns BEFORE UPDATE ON person
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_or_rewrap('secret', 'identity_salt', 'identity');

DROP TRIGGER delivery_keeps_columns ON delivery;
CREATE TRIGGER delivery_keeps_columns BEFORE UPDATE ON delivery
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_or_rewrap('key', 'file_name_salt', 'file_name');

DROP TRIGGER account_keeps_columns ON account;
CREATE TRIGGER account_keeps_columns BEFORE UPDATE ON account
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_or_rewrap('key', 'totp_salt', 'totp', 'identity_salt', 'identity');

DROP TRIGGER staged_row_keeps_columns ON staged_row;
CREATE TRIGGER staged_row_keeps_columns BEFORE UPDATE ON staged_row
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_or_retag('content_salt', 'content');

DROP TRIGGER trace_keeps_columns ON trace;
CREATE TRIGGER trace_keeps_columns BEFORE UPDATE ON trace
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_or_retag('content_salt', 'content');

DROP TRIGGER blind_index_keeps_rows ON blind_index;
CREATE TRIGGER blind_index_keeps_rows BEFORE TRUNCATE ON blind_index
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blind_index_forgets BEFORE DELETE ON blind_index
    FOR EACH ROW EXECUTE FUNCTION allow_forgetting_below_floor();
