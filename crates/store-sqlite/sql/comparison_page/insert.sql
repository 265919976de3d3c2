-- Writes a page of a block.
INSERT INTO comparison_page (shard, block_id, tags, content_salt, content) VALUES (?1, ?2, ?3, ?4, ?5)
