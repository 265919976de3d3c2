-- Gives secrets their forms under a later version of the wrapping key, unless another form stands by now.
UPDATE delivery SET key = changed.after
FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS changed (number, before, after)
WHERE delivery.delivery_id = changed.number AND delivery.key = changed.before
