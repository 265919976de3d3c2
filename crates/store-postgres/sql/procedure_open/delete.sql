-- Takes a procedure off the list.
DELETE FROM procedure_open WHERE procedure_id = $1
