-- Blocks whose page of the tag's first byte has the tag, newest first, each with that page.
SELECT b.block_id, b.uuid, c.uuid, p.uuid, p.organisation, c.by_account, c.client, p.purpose, b.block_no, b.row_count,
       b.request_tag, b.key_version, b.header_salt, b.header, b.roots, b.entry_hash, b.asked_at,
       a.flags_salt, a.flags, a.roots, a.entry_hash, a.answered_at,
       g.shard, g.tags, g.content_salt, g.content
FROM comparison_block b
JOIN comparison c ON c.comparison_id = b.comparison_id
JOIN programme p ON p.programme_id = b.programme_id
LEFT JOIN comparison_answer a ON a.block_id = b.block_id
JOIN comparison_page g ON g.block_id = b.block_id
WHERE g.shard = $1 AND position($2::bytea IN g.tags) > 0 AND b.key_version = $3 AND g.block_id < $4
ORDER BY g.block_id DESC LIMIT $5
