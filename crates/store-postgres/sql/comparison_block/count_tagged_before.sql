-- How many rows of comparisons stand under tags of an older index key, with contents?
SELECT COALESCE(SUM(row_count), 0)::bigint FROM comparison_block WHERE key_version < $1 AND header IS NOT NULL
