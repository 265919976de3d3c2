-- How many with contents stand under a version of the index key before this one?
SELECT count(*) FROM staged_row WHERE key_version < $1 AND content IS NOT NULL
