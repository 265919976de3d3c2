-- Takes a look-up off the list of those to be closed.
DELETE FROM look_up_open WHERE look_up_id = (SELECT look_up_id FROM look_up WHERE uuid = ?1)
