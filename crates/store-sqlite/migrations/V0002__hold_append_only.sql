-- Append-only, held by triggers: nothing is deleted, and the only change is an erasure: sealed columns and wrapped
-- secrets may become NULL. The conditions list every column, because `UPDATE OF` would not see `SET rowid = …`.
-- INSERT OR REPLACE deletes silently unless PRAGMA recursive_triggers is on; every connection sets and asserts it.
-- The queues (outbox, session, attempt, lease, procedure_open) are exempt.

CREATE TRIGGER delivery_keeps_rows BEFORE DELETE ON delivery
BEGIN
    SELECT RAISE(ABORT, 'append-only: delivery');
END;

CREATE TRIGGER delivery_keeps_columns BEFORE UPDATE ON delivery
WHEN NOT (
    NEW.delivery_id IS OLD.delivery_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.provider IS OLD.provider
    AND NEW.item IS OLD.item
    AND NEW.content_hash IS OLD.content_hash
    AND NEW.bytes IS OLD.bytes
    AND NEW.by_account IS OLD.by_account
    AND NEW.received_at IS OLD.received_at
    AND (NEW.key IS NULL OR NEW.key IS OLD.key)
    AND (NEW.file_name_salt IS NULL OR NEW.file_name_salt IS OLD.file_name_salt)
    AND (NEW.file_name IS NULL OR NEW.file_name IS OLD.file_name)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: delivery');
END;

CREATE TRIGGER delivery_receipt_keeps_rows BEFORE DELETE ON delivery_receipt
BEGIN
    SELECT RAISE(ABORT, 'append-only: delivery_receipt');
END;

CREATE TRIGGER delivery_receipt_keeps_columns BEFORE UPDATE ON delivery_receipt
BEGIN
    SELECT RAISE(ABORT, 'append-only: delivery_receipt');
END;

CREATE TRIGGER chunk_keeps_rows BEFORE DELETE ON chunk
BEGIN
    SELECT RAISE(ABORT, 'append-only: chunk');
END;

CREATE TRIGGER chunk_keeps_columns BEFORE UPDATE ON chunk
BEGIN
    SELECT RAISE(ABORT, 'append-only: chunk');
END;

CREATE TRIGGER chunk_count_keeps_rows BEFORE DELETE ON chunk_count
BEGIN
    SELECT RAISE(ABORT, 'append-only: chunk_count');
END;

CREATE TRIGGER chunk_count_keeps_columns BEFORE UPDATE ON chunk_count
BEGIN
    SELECT RAISE(ABORT, 'append-only: chunk_count');
END;

CREATE TRIGGER fault_count_keeps_rows BEFORE DELETE ON fault_count
BEGIN
    SELECT RAISE(ABORT, 'append-only: fault_count');
END;

CREATE TRIGGER fault_count_keeps_columns BEFORE UPDATE ON fault_count
BEGIN
    SELECT RAISE(ABORT, 'append-only: fault_count');
END;

CREATE TRIGGER fault_block_keeps_rows BEFORE DELETE ON fault_block
BEGIN
    SELECT RAISE(ABORT, 'append-only: fault_block');
END;

CREATE TRIGGER fault_block_keeps_columns BEFORE UPDATE ON fault_block
BEGIN
    SELECT RAISE(ABORT, 'append-only: fault_block');
END;

CREATE TRIGGER person_keeps_rows BEFORE DELETE ON person
BEGIN
    SELECT RAISE(ABORT, 'append-only: person');
END;

CREATE TRIGGER person_keeps_columns BEFORE UPDATE ON person
WHEN NOT (
    NEW.person_id IS OLD.person_id
    AND NEW.uuid IS OLD.uuid
    AND (NEW.secret IS NULL OR NEW.secret IS OLD.secret)
    AND (NEW.identity_salt IS NULL OR NEW.identity_salt IS OLD.identity_salt)
    AND (NEW.identity IS NULL OR NEW.identity IS OLD.identity)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: person');
END;

CREATE TRIGGER blind_index_keeps_rows BEFORE DELETE ON blind_index
BEGIN
    SELECT RAISE(ABORT, 'append-only: blind_index');
END;

CREATE TRIGGER blind_index_keeps_columns BEFORE UPDATE ON blind_index
BEGIN
    SELECT RAISE(ABORT, 'append-only: blind_index');
END;

CREATE TRIGGER person_event_keeps_rows BEFORE DELETE ON person_event
BEGIN
    SELECT RAISE(ABORT, 'append-only: person_event');
END;

CREATE TRIGGER person_event_keeps_columns BEFORE UPDATE ON person_event
WHEN NOT (
    NEW.event_id IS OLD.event_id
    AND NEW.person_id IS OLD.person_id
    AND NEW.kind IS OLD.kind
    AND NEW.other_person_id IS OLD.other_person_id
    AND NEW.by_account IS OLD.by_account
    AND NEW.happened_at IS OLD.happened_at
    AND NEW.entry_hash IS OLD.entry_hash
    AND (NEW.reason_salt IS NULL OR NEW.reason_salt IS OLD.reason_salt)
    AND (NEW.reason IS NULL OR NEW.reason IS OLD.reason)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: person_event');
END;

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

CREATE TRIGGER record_event_keeps_rows BEFORE DELETE ON record_event
BEGIN
    SELECT RAISE(ABORT, 'append-only: record_event');
END;

CREATE TRIGGER record_event_keeps_columns BEFORE UPDATE ON record_event
WHEN NOT (
    NEW.person_id IS OLD.person_id
    AND NEW.record_id IS OLD.record_id
    AND NEW.event_no IS OLD.event_no
    AND NEW.kind IS OLD.kind
    AND NEW.effective_day IS OLD.effective_day
    AND NEW.known_at IS OLD.known_at
    AND NEW.entry_hash IS OLD.entry_hash
    AND (NEW.reason_salt IS NULL OR NEW.reason_salt IS OLD.reason_salt)
    AND (NEW.reason IS NULL OR NEW.reason IS OLD.reason)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: record_event');
END;

CREATE TRIGGER notice_ack_keeps_rows BEFORE DELETE ON notice_ack
BEGIN
    SELECT RAISE(ABORT, 'append-only: notice_ack');
END;

CREATE TRIGGER notice_ack_keeps_columns BEFORE UPDATE ON notice_ack
BEGIN
    SELECT RAISE(ABORT, 'append-only: notice_ack');
END;

CREATE TRIGGER staged_row_keeps_rows BEFORE DELETE ON staged_row
BEGIN
    SELECT RAISE(ABORT, 'append-only: staged_row');
END;

CREATE TRIGGER staged_row_keeps_columns BEFORE UPDATE ON staged_row
WHEN NOT (
    NEW.staged_id IS OLD.staged_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.delivery_id IS OLD.delivery_id
    AND NEW.line IS OLD.line
    AND NEW.kind IS OLD.kind
    AND NEW.reason IS OLD.reason
    AND NEW.tag IS OLD.tag
    AND NEW.index_no IS OLD.index_no
    AND NEW.key_version IS OLD.key_version
    AND (NEW.content_salt IS NULL OR NEW.content_salt IS OLD.content_salt)
    AND (NEW.content IS NULL OR NEW.content IS OLD.content)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: staged_row');
END;

CREATE TRIGGER staged_resolution_keeps_rows BEFORE DELETE ON staged_resolution
BEGIN
    SELECT RAISE(ABORT, 'append-only: staged_resolution');
END;

CREATE TRIGGER staged_resolution_keeps_columns BEFORE UPDATE ON staged_resolution
BEGIN
    SELECT RAISE(ABORT, 'append-only: staged_resolution');
END;

CREATE TRIGGER procedure_keeps_rows BEFORE DELETE ON procedure
BEGIN
    SELECT RAISE(ABORT, 'append-only: procedure');
END;

CREATE TRIGGER procedure_keeps_columns BEFORE UPDATE ON procedure
WHEN NOT (
    NEW.procedure_id IS OLD.procedure_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.kind IS OLD.kind
    AND NEW.organisation IS OLD.organisation
    AND NEW.staged_row IS OLD.staged_row
    AND NEW.person_id IS OLD.person_id
    AND NEW.reason IS OLD.reason
    AND NEW.opened_at IS OLD.opened_at
    AND NEW.due_at IS OLD.due_at
    AND (NEW.details_salt IS NULL OR NEW.details_salt IS OLD.details_salt)
    AND (NEW.details IS NULL OR NEW.details IS OLD.details)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: procedure');
END;

CREATE TRIGGER procedure_step_keeps_rows BEFORE DELETE ON procedure_step
BEGIN
    SELECT RAISE(ABORT, 'append-only: procedure_step');
END;

CREATE TRIGGER procedure_step_keeps_columns BEFORE UPDATE ON procedure_step
WHEN NOT (
    NEW.procedure_id IS OLD.procedure_id
    AND NEW.step_no IS OLD.step_no
    AND NEW.state IS OLD.state
    AND NEW.by_account IS OLD.by_account
    AND NEW.taken_at IS OLD.taken_at
    AND NEW.entry_hash IS OLD.entry_hash
    AND (NEW.reason_salt IS NULL OR NEW.reason_salt IS OLD.reason_salt)
    AND (NEW.reason IS NULL OR NEW.reason IS OLD.reason)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: procedure_step');
END;

CREATE TRIGGER trace_keeps_rows BEFORE DELETE ON trace
BEGIN
    SELECT RAISE(ABORT, 'append-only: trace');
END;

CREATE TRIGGER trace_keeps_columns BEFORE UPDATE ON trace
WHEN NOT (
    NEW.trace_id IS OLD.trace_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.kind IS OLD.kind
    AND NEW.tag IS OLD.tag
    AND NEW.index_no IS OLD.index_no
    AND NEW.key_version IS OLD.key_version
    AND NEW.entry_hash IS OLD.entry_hash
    AND NEW.traced_at IS OLD.traced_at
    AND (NEW.content_salt IS NULL OR NEW.content_salt IS OLD.content_salt)
    AND (NEW.content IS NULL OR NEW.content IS OLD.content)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: trace');
END;

CREATE TRIGGER trace_outcome_keeps_rows BEFORE DELETE ON trace_outcome
BEGIN
    SELECT RAISE(ABORT, 'append-only: trace_outcome');
END;

CREATE TRIGGER trace_outcome_keeps_columns BEFORE UPDATE ON trace_outcome
BEGIN
    SELECT RAISE(ABORT, 'append-only: trace_outcome');
END;

CREATE TRIGGER log_entry_keeps_rows BEFORE DELETE ON log_entry
BEGIN
    SELECT RAISE(ABORT, 'append-only: log_entry');
END;

CREATE TRIGGER log_entry_keeps_columns BEFORE UPDATE ON log_entry
BEGIN
    SELECT RAISE(ABORT, 'append-only: log_entry');
END;

CREATE TRIGGER account_keeps_rows BEFORE DELETE ON account
BEGIN
    SELECT RAISE(ABORT, 'append-only: account');
END;

CREATE TRIGGER account_keeps_columns BEFORE UPDATE ON account
WHEN NOT (
    NEW.account_id IS OLD.account_id
    AND NEW.uuid IS OLD.uuid
    AND NEW.kind IS OLD.kind
    AND NEW.login IS OLD.login
    AND NEW.password_hash IS OLD.password_hash
    AND NEW.organisation IS OLD.organisation
    AND NEW.created_at IS OLD.created_at
    AND (NEW.totp_salt IS NULL OR NEW.totp_salt IS OLD.totp_salt)
    AND (NEW.totp IS NULL OR NEW.totp IS OLD.totp)
    AND (NEW.identity_salt IS NULL OR NEW.identity_salt IS OLD.identity_salt)
    AND (NEW.identity IS NULL OR NEW.identity IS OLD.identity)
    AND (NEW.key IS NULL OR NEW.key IS OLD.key)
)
BEGIN
    SELECT RAISE(ABORT, 'append-only: account');
END;

CREATE TRIGGER totp_step_keeps_rows BEFORE DELETE ON totp_step
BEGIN
    SELECT RAISE(ABORT, 'append-only: totp_step');
END;

CREATE TRIGGER totp_step_keeps_columns BEFORE UPDATE ON totp_step
BEGIN
    SELECT RAISE(ABORT, 'append-only: totp_step');
END;
