-- Below which versions is nothing written? Who asks within a transaction writes before the floor rises, or after.
SELECT key, version FROM key_floor FOR SHARE
