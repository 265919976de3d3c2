-- Writes a block and says its number.
INSERT INTO comparison_block (uuid, comparison_id, block_no, programme_id, row_count, asked_day, request_tag, key_version,
                              header_salt, header, roots, entry_hash, asked_at)
SELECT $1, comparison_id, $3, programme_id, $4, $5, $6, $7, $8, $9, $10, $11, $12
FROM comparison WHERE uuid = $2
RETURNING block_id
