-- What did administrators do? Newest first, from a place in the order downwards.
SELECT act_id, uuid, kind, by_account, about, happened_at, entry_hash
FROM administrator_act WHERE act_id < ?1 ORDER BY act_id DESC LIMIT ?2
