-- What was done to keys, oldest first.
SELECT uuid, document, by_account, happened_at, entry_hash FROM key_act ORDER BY key_act_id
