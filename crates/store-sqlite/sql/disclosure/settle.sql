-- It was looked at whether the record fell since the look-up showed it.
UPDATE disclosure SET is_fresh = 0 WHERE record_id = ?1 AND look_up = ?2
