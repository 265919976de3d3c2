-- Append-only, held by triggers on a single PostgreSQL; the grants of the application role hold it as well, and alone
-- where tables are distributed (Citus allows no triggers there). The only change is an erasure: sealed columns and
-- wrapped secrets may become NULL. The queues (outbox, session, attempt, lease, procedure_open) are exempt.

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION refuse_change() IS 'Refuses any change of the row.';

CREATE FUNCTION allow_erasure_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    erasable text;
BEGIN
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
COMMENT ON FUNCTION allow_erasure_only() IS 'Lets the named columns become NULL and refuses any other change of the row.';

CREATE TRIGGER delivery_keeps_rows BEFORE DELETE OR TRUNCATE ON delivery
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_keeps_columns BEFORE UPDATE ON delivery
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('key', 'file_name_salt', 'file_name');

CREATE TRIGGER delivery_receipt_keeps_rows BEFORE DELETE OR TRUNCATE ON delivery_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_receipt_keeps_columns BEFORE UPDATE ON delivery_receipt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER chunk_keeps_rows BEFORE DELETE OR TRUNCATE ON chunk
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chunk_keeps_columns BEFORE UPDATE ON chunk
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER chunk_count_keeps_rows BEFORE DELETE OR TRUNCATE ON chunk_count
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER chunk_count_keeps_columns BEFORE UPDATE ON chunk_count
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER fault_count_keeps_rows BEFORE DELETE OR TRUNCATE ON fault_count
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER fault_count_keeps_columns BEFORE UPDATE ON fault_count
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER fault_block_keeps_rows BEFORE DELETE OR TRUNCATE ON fault_block
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER fault_block_keeps_columns BEFORE UPDATE ON fault_block
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER person_keeps_rows BEFORE DELETE OR TRUNCATE ON person
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER person_keeps_columns BEFORE UPDATE ON person
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('secret', 'identity_salt', 'identity');

CREATE TRIGGER blind_index_keeps_rows BEFORE DELETE OR TRUNCATE ON blind_index
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER blind_index_keeps_columns BEFORE UPDATE ON blind_index
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER person_event_keeps_rows BEFORE DELETE OR TRUNCATE ON person_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER person_event_keeps_columns BEFORE UPDATE ON person_event
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('reason_salt', 'reason');

CREATE TRIGGER record_keeps_rows BEFORE DELETE OR TRUNCATE ON record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_keeps_columns BEFORE UPDATE ON record
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('content_salt', 'content');

CREATE TRIGGER record_event_keeps_rows BEFORE DELETE OR TRUNCATE ON record_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER record_event_keeps_columns BEFORE UPDATE ON record_event
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('reason_salt', 'reason');

CREATE TRIGGER notice_ack_keeps_rows BEFORE DELETE OR TRUNCATE ON notice_ack
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER notice_ack_keeps_columns BEFORE UPDATE ON notice_ack
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER staged_row_keeps_rows BEFORE DELETE OR TRUNCATE ON staged_row
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER staged_row_keeps_columns BEFORE UPDATE ON staged_row
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('content_salt', 'content');

CREATE TRIGGER staged_resolution_keeps_rows BEFORE DELETE OR TRUNCATE ON staged_resolution
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER staged_resolution_keeps_columns BEFORE UPDATE ON staged_resolution
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER procedure_keeps_rows BEFORE DELETE OR TRUNCATE ON procedure
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER procedure_keeps_columns BEFORE UPDATE ON procedure
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('details_salt', 'details');

CREATE TRIGGER procedure_step_keeps_rows BEFORE DELETE OR TRUNCATE ON procedure_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER procedure_step_keeps_columns BEFORE UPDATE ON procedure_step
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('reason_salt', 'reason');

CREATE TRIGGER trace_keeps_rows BEFORE DELETE OR TRUNCATE ON trace
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER trace_keeps_columns BEFORE UPDATE ON trace
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('content_salt', 'content');

CREATE TRIGGER trace_outcome_keeps_rows BEFORE DELETE OR TRUNCATE ON trace_outcome
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER trace_outcome_keeps_columns BEFORE UPDATE ON trace_outcome
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER log_entry_keeps_rows BEFORE DELETE OR TRUNCATE ON log_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_entry_keeps_columns BEFORE UPDATE ON log_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER account_keeps_rows BEFORE DELETE OR TRUNCATE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_keeps_columns BEFORE UPDATE ON account
    FOR EACH ROW EXECUTE FUNCTION allow_erasure_only('totp_salt', 'totp', 'identity_salt', 'identity', 'key');

CREATE TRIGGER totp_step_keeps_rows BEFORE DELETE OR TRUNCATE ON totp_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER totp_step_keeps_columns BEFORE UPDATE ON totp_step
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
