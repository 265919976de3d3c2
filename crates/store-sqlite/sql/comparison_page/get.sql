-- A page of a block.
SELECT shard, tags, content_salt, content FROM comparison_page WHERE shard = ?1 AND block_id = ?2
