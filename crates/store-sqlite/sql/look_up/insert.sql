-- Writes who asked for what, beside the trace.
INSERT INTO look_up (uuid, organisation, by_account, client, purpose, matter_id, request_key, request_tag, tag, index_no,
                     key_version, asked_day, asked_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
