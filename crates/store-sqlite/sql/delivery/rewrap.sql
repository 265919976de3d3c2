-- Gives a secret its form under a later version of the wrapping key, unless another form stands by now.
UPDATE delivery SET key = ?3 WHERE delivery_id = ?1 AND key = ?2
