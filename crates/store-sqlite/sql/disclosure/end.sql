-- It was looked at that the record's end has passed.
UPDATE disclosure SET end_day = NULL WHERE record_id = ?1 AND look_up = ?2
