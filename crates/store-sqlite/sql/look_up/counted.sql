-- What of the look-ups of a day counts against the limits, from one on?
SELECT look_up_id, organisation, by_account, client, purpose, matter_id, tag
FROM look_up WHERE asked_day = ?1 AND look_up_id > ?2 ORDER BY look_up_id LIMIT ?3
