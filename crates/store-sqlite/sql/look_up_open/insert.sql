-- Puts a look-up on the list of those to be closed.
INSERT INTO look_up_open (organisation, look_up_id, by_account, close_by)
SELECT organisation, look_up_id, by_account, ?2 FROM look_up WHERE uuid = ?1
