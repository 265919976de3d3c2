-- Enters a number that was never issued.
INSERT INTO honey_number (tag, index_no, key_version, added_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (tag, index_no, key_version) DO NOTHING
