-- Programmes, newest first: of one organisation, if given.
SELECT uuid, organisation, purpose, statute, aim, items, rows_a_day, last_day, by_account, entry_hash, proposed_at
FROM programme WHERE ?1 IS NULL OR organisation = ?1 ORDER BY programme_id DESC LIMIT ?2
