-- Where do the entries with these hashes stand? The earliest of each, by its place in the question.
SELECT DISTINCT ON (asked.place) asked.place, log_index, kind, log_entry.entry_hash, sequenced_at
FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (entry_hash, place)
JOIN log_entry ON substr(log_entry.entry_hash, 1, 8) = substr(asked.entry_hash, 1, 8)
    AND log_entry.entry_hash = asked.entry_hash
ORDER BY asked.place, log_index
