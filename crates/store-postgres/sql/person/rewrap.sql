-- Gives secrets their forms under a later version of the wrapping key, unless another form stands by now.
UPDATE person SET secret = changed.after
FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS changed (number, before, after)
WHERE person.person_id = changed.number AND person.secret = changed.before
