-- Gives a secret its form under a later version of the wrapping key, unless another form stands by now.
UPDATE account SET key = ?3 WHERE account_id = ?1 AND key = ?2
