-- Where does the entry with this hash stand? The earliest, if there are several.
SELECT log_index, kind, entry_hash, sequenced_at FROM log_entry
WHERE substr(entry_hash, 1, 8) = substr(?1, 1, 8) AND entry_hash = ?1
ORDER BY log_index LIMIT 1
