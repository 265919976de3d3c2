-- Registers a matter, unless its organisation has used the number.
INSERT INTO matter (uuid, organisation, matter_no, purpose, opened_day, by_account, registered_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (organisation, matter_no) DO NOTHING
