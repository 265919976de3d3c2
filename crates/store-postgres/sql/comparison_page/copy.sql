-- Writes the pages of a block.
COPY comparison_page (shard, block_id, tags, content_salt, content) FROM STDIN BINARY
