-- Takes the binding of an account out of force.
DELETE FROM account_subject_live WHERE account = $1
