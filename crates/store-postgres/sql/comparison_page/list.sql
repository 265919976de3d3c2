-- These pages of a block, in order.
SELECT g.shard, g.tags, g.content_salt, g.content
FROM comparison_page g WHERE g.shard = ANY ($2::smallint[]) AND g.block_id = $1 ORDER BY g.shard
