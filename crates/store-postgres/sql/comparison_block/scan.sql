-- The next blocks in order of arrival, with their answers.
SELECT b.block_id, b.uuid, c.uuid, p.uuid, p.organisation, c.by_account, c.client, p.purpose, b.block_no, b.row_count,
       b.request_tag, b.key_version, b.header_salt, b.header, b.roots, b.entry_hash, b.asked_at,
       a.flags_salt, a.flags, a.roots, a.entry_hash, a.answered_at
FROM comparison_block b
JOIN comparison c ON c.comparison_id = b.comparison_id
JOIN programme p ON p.programme_id = b.programme_id
LEFT JOIN comparison_answer a ON a.block_id = b.block_id
WHERE b.block_id > $1 ORDER BY b.block_id LIMIT $2
