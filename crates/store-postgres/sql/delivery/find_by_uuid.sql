-- Which delivery has this public id?
SELECT delivery_id FROM delivery WHERE uuid = $1
