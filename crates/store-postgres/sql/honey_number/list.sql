-- All numbers that were never issued.
SELECT tag, index_no, key_version FROM honey_number
