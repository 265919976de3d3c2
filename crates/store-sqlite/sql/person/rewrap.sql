-- Gives a secret its form under a later version of the wrapping key, unless another form stands by now.
UPDATE person SET secret = ?3 WHERE person_id = ?1 AND secret = ?2
