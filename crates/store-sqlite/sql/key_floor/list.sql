-- Below which versions is nothing written?
SELECT key, version FROM key_floor
