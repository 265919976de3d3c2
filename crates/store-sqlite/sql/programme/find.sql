-- One programme.
SELECT uuid, organisation, purpose, statute, aim, items, rows_a_day, last_day, by_account, entry_hash, proposed_at FROM programme WHERE uuid = ?1
